/**
 * An access token (RFC 9068): what any JOSE library verifies by the issuer's key set, and our own introspection by this. Signers
 * make it from typed fields. Its `typ` keeps it apart from all else that is signed, for those who look at one.
 */
import { areAudiences, isAudience, isClientId, isCount, isNonce, isScopeClaim, isSubject } from '../names';
import { signCompact, verifyCompact } from './compact';
import { encodeObject, hasExactly, type JsonObject } from './encoding';
import { foreignKeyOf, verifyForeignToken, type TokenClaims, type TokenKey } from './foreign-token';
import { JwsError } from './jws-error';
import type { JwsType, SigningKey } from './signature';

const TYP: JwsType = 'at+jwt';

/** In characters: what HTTP servers take in a header, by and large. */
export const MAX_TOKEN_LENGTH = 8_192;

/** Signed in this order of members. Times are in seconds since 1970. */
export interface AccessToken {
  iss: string;
  sub: string;
  aud: string | string[];
  client_id: string;
  exp: number;
  iat: number;
  jti: string;
  /** Absent where none was granted. */
  scope?: string;
}

/** Throws JwsError `malformed` rather than sign a token that nobody would take. */
export async function signAccessToken(token: AccessToken, key: SigningKey): Promise<string> {
  const text = await signCompact(TYP, tokenOf({ ...token }), key);
  if (text.length > MAX_TOKEN_LENGTH) throw new JwsError('malformed');
  return text;
}

/** RSA of 4,096 bits, in base64url; under a name, and for a token of an id, as long as they may be. */
const LONGEST = { signature: Math.ceil(4_096 / 6), keyId: 128, jti: 100 };
/** In the year 2286. */
const LATEST = 9_999_999_999;

/** How many characters a token for these may have at the most, whichever key of the issuer's signs it, and whenever. */
export function longestToken(claims: Omit<AccessToken, 'exp' | 'iat' | 'jti'>): number {
  const header = encodeObject({ alg: 'RS256', typ: TYP, kid: 'k'.repeat(LONGEST.keyId) });
  const payload = encodeObject({ ...claims, exp: LATEST, iat: LATEST, jti: 'j'.repeat(LONGEST.jti) });
  return header.length + 1 + payload.length + 1 + LONGEST.signature;
}

/**
 * By a key of `issuer`, its own or a foreign one that verifies there too, and before its end. When it was made is not looked at: whose clock is a little behind must not refuse
 * what was made just now. Throws JwsError `malformed`, `wrong_type`, `unknown_key`, `signature_invalid`, `wrong_scope` where
 * another issuer's name stands in it, `token_expired`.
 */
export async function verifyAccessToken(
  text: string,
  keys: readonly TokenKey[],
  { issuer, now }: { issuer: string; now: Date },
): Promise<{ keyId: string; token: TokenClaims }> {
  if (text.length > MAX_TOKEN_LENGTH) throw new JwsError('malformed');
  const foreign = foreignKeyOf(text, keys);
  if (foreign !== undefined) return { keyId: foreign.keyId, token: verifyForeignToken(text, foreign, { issuer, now }) };
  const own = keys.filter((key) => key.foreign === undefined || key.foreign === null);
  const { keyId, payload } = await verifyCompact(TYP, text, own, now);
  const token = tokenOf(payload);
  if (token.iss !== issuer) throw new JwsError('wrong_scope');
  if (!(now.getTime() < token.exp * 1_000)) throw new JwsError('token_expired');
  return { keyId, token };
}

/** Exactly the members that we write. */
function tokenOf(payload: JsonObject): AccessToken {
  const { iss, sub, aud, client_id, exp, iat, jti, scope } = payload;
  const hasScope = Object.hasOwn(payload, 'scope');
  const isWhole =
    hasExactly(payload, ['iss', 'sub', 'aud', 'client_id', 'exp', 'iat', 'jti', ...(hasScope ? ['scope'] : [])]) &&
    (!hasScope || (isScopeClaim(scope) && scope !== ''));
  const isRight =
    isAudience(iss) && isSubject(sub) && areAudiences(aud) && isClientId(client_id) && isNonce(jti) && isCount(iat, 1);
  if (!isWhole || !isRight || !isCount(exp, iat + 1)) throw new JwsError('malformed');
  return { iss, sub, aud, client_id, exp, iat, jti, ...(isScopeClaim(scope) && { scope }) };
}
