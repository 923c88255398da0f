/**
 * A token that another service has signed, by a key that an issuer's set shows as well until the last of them is over. It is
 * whatever that service has made it, so less of it is looked at than of ours: what decides whether it holds, and the claims
 * that introspection tells, where they are what RFC 7662 says.
 */
import type { TrustedKey } from '../envelope';
import type { ForeignKey } from '../ring-view';
import type { AccessToken } from './access-token';
import { decodeBase64url, isObject, type JsonObject } from './encoding';
import { JwsError } from './jws-error';

/** A key that tokens are verified by. */
export interface TokenKey extends TrustedKey {
  /** Of another service; absent of ours. */
  foreign?: ForeignKey | null | undefined;
}

/** Of a foreign token those that are there. */
export type TokenClaims = Partial<AccessToken> & Pick<AccessToken, 'iss' | 'exp'>;

interface Parts {
  header: JsonObject;
  payload: string;
  input: string;
  signature: string;
}

/** The foreign key that a token is by, as far as its header says; undefined where it is by none of them, or no token. */
export function foreignKeyOf(text: string, keys: readonly TokenKey[]): TokenKey | undefined {
  const header = split(text)?.header;
  if (header === undefined) return undefined;
  const { kid, alg } = header;
  return keys.find(({ foreign, publicKey }) => {
    if (foreign === undefined || foreign === null) return false;
    return kid === undefined ? foreign.kid === null && publicKey.algorithm.alg === alg : foreign.kid === kid;
  });
}

/** Such services sign tokens of the first type as a rule, and name none as often. */
const TYPES: readonly unknown[] = [undefined, 'jwt', 'at+jwt', 'application/jwt', 'application/at+jwt'];

/**
 * Throws JwsError `malformed`, `wrong_type`, `unknown_key` where the key verifies no more, `signature_invalid`, `wrong_scope`
 * where another issuer's name stands in it, `token_expired`.
 */
export function verifyForeignToken(
  text: string,
  { publicKey, notAfter }: TokenKey,
  { issuer, now }: { issuer: string; now: Date },
): TokenClaims {
  const parts = split(text);
  if (parts === undefined) throw new JwsError('malformed');
  const { header, payload, input, signature } = parts;
  const { alg, typ } = header;
  if (alg !== publicKey.algorithm.alg) throw new JwsError('wrong_type');
  if (!TYPES.includes(typeof typ === 'string' ? typ.toLowerCase() : typ)) throw new JwsError('wrong_type');
  // RFC 7515, section 4.1.11: what must be understood is not.
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) throw new JwsError('malformed');
  if (notAfter !== undefined && !(now < notAfter)) throw new JwsError('unknown_key');
  if (!publicKey.verify(Buffer.from(input), decodeBase64url(signature))) throw new JwsError('signature_invalid');
  const claims = objectIn(payload);
  if (claims === undefined) throw new JwsError('malformed');
  const { iss, exp, nbf = 0 } = claims;
  if (iss !== issuer) throw new JwsError('wrong_scope');
  if (!isSeconds(exp) || !isSeconds(nbf)) throw new JwsError('malformed');
  if (!(now.getTime() < exp * 1_000) || now.getTime() < nbf * 1_000) throw new JwsError('token_expired');
  return { ...told(claims), iss: issuer, exp };
}

const TEXTS = ['sub', 'client_id', 'jti', 'scope'] as const;

function told(claims: JsonObject): Partial<AccessToken> {
  const { aud, iat } = claims;
  const texts = TEXTS.filter((name) => typeof claims[name] === 'string');
  const isList = Array.isArray(aud) && aud.every((each) => typeof each === 'string');
  return {
    ...Object.fromEntries(texts.map((name) => [name, claims[name]])),
    ...(typeof aud === 'string' || isList ? { aud: aud as AccessToken['aud'] } : {}),
    ...(isSeconds(iat) ? { iat } : {}),
  };
}

/** RFC 7519, section 2: parts of a second are allowed. */
const isSeconds = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

function split(text: string): Parts | undefined {
  const [encoded = '', payload = '', signature = '', ...more] = text.split('.', 4);
  const header = objectIn(encoded);
  if (header === undefined || more.length > 0) return undefined;
  return { header, payload, signature, input: `${encoded}.${payload}` };
}

/** In any spelling of JSON: it is not ours. */
function objectIn(encoded: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(decodeBase64url(encoded).toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
