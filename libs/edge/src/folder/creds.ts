/**
 * `node.creds`: the Node's key and the token that is bound to it, in one file, so that one rename replaces both. A NATS
 * client reads it as it is; what stands behind is the one line that a token does not say.
 */
import { credsText, isCount, isTime } from '@plexsphere/wire';
import { JwsError, nodeKeyOf, readNodeToken, type NodeKey, type NodeToken } from '@plexsphere/wire/jws';
import { createHash } from 'node:crypto';
import { EdgeError } from '../edge-error';
import { objectOf } from './json';

export interface Creds {
  key: NodeKey;
  /** nkey, `SU…`. Secret. */
  seed: string;
  /** The bus user JWT. */
  token: string;
  claims: NodeToken;
  /** How often the Node's key has changed. */
  generation: number;
  /** RFC 3339; null as long as the platform has not said. */
  rotateAfter: string | null;
}

const BLOCK = /-{3,}BEGIN [^\n]*-{3,}\s+(\S+)\s+-{3,}END/g;

/** As `credsText` and the line behind it say. @throws EdgeError `creds_disagree`, `state_damaged` */
export function parseCreds(text: string, about: string): Creds {
  const [token, seed] = [...text.matchAll(BLOCK)].map(([, block]) => block);
  const { generation, rotate_after: rotateAfter } = objectOf(text.trimEnd().split('\n').at(-1) ?? '') ?? {};
  if (token === undefined || seed === undefined || !isCount(generation)) throw new EdgeError('state_damaged', about);
  if (rotateAfter !== null && !isTime(rotateAfter)) throw new EdgeError('state_damaged', about);
  return credsOf({ token, seed, generation, rotateAfter }, about);
}

/** @throws EdgeError `creds_disagree`, `state_damaged` */
export function credsOf(
  { token, seed, generation, rotateAfter }: Pick<Creds, 'token' | 'seed' | 'generation' | 'rotateAfter'>,
  about: string,
): Creds {
  const key = nodeKeyOf(seed);
  const claims = claimsOf(token);
  if (key === undefined || claims === undefined) throw new EdgeError('state_damaged', about);
  if (claims.publicKey !== key.keyId) throw new EdgeError('creds_disagree', about);
  return { key, seed, token, claims, generation, rotateAfter };
}

export const credsFileText = ({ token, seed, generation, rotateAfter }: Creds): string =>
  `${credsText(token, seed)}\n${JSON.stringify({ generation, rotate_after: rotateAfter })}\n`;

/** For the SDK: without the line of ours. */
export const busCredentialOf = ({ token, seed }: Creds): string => credsText(token, seed);

export const tokenHash = (token: string): string => createHash('sha256').update(token).digest('hex');

function claimsOf(token: string): NodeToken | undefined {
  try {
    return readNodeToken(token);
  } catch (error) {
    if (error instanceof JwsError) return undefined;
    throw error;
  }
}
