/**
 * A Node's token: the bus user JWT that is bound to its Node key. The bus looks at its signature; the Node reads what it needs
 * of it, and rotation what a signer made.
 */
import { decodeBusPublicKey } from '../nkey';
import { isCount } from '../names';
import { decodeBase64url, isObject } from './encoding';
import { JwsError } from './jws-error';

export interface NodeToken {
  /** The Node key (nkey, `U…`). */
  publicKey: string;
  /** The account of the bus (nkey, `A…`): the audience of the Node's proofs. */
  account: string;
  /** Seconds since 1970. */
  issuedAt: number;
  /** Undefined where it holds until it is revoked. */
  expiresAt: number | undefined;
}

/** In characters: a Node's rights are few and short. */
const MAX_NODE_TOKEN_LENGTH = 4_096;

/** Unverified. Throws JwsError `malformed`. */
export function readNodeToken(text: string): NodeToken {
  const [, payload, ...others] = text.length <= MAX_NODE_TOKEN_LENGTH ? text.split('.', 4) : [];
  if (others.length !== 1) throw new JwsError('malformed');
  const { sub, iss, iat, exp } = jsonOf(decodeBase64url(payload));
  const isRight =
    typeof sub === 'string' &&
    decodeBusPublicKey('user', sub) !== undefined &&
    typeof iss === 'string' &&
    decodeBusPublicKey('account', iss) !== undefined;
  if (!isRight || !isCount(iat) || (exp !== undefined && !isCount(exp))) throw new JwsError('malformed');
  return { publicKey: sub, account: iss, issuedAt: iat, expiresAt: exp };
}

function jsonOf(bytes: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (isObject(value)) return value;
  } catch {
    // Whatever it is, it is no token.
  }
  throw new JwsError('malformed');
}
