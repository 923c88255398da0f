/**
 * The protected header: which key, which type (RFC 8725 section 3.11), and for a statement which role. Exactly the
 * members that we write are read: so no `crit`, no `b64`, and no key that the message brings along itself.
 */
import { isKeyId } from '../names';
import { decodeObject, hasExactly } from './encoding';
import { JwsError } from './jws-error';

export type JwsType = 'plexsphere-statement+jws' | 'plexsphere-bundle+jws' | 'plexsphere-data+jws';
export type Role = 'authority' | 'possession';

/** Every key of ours is Ed25519, so this is the algorithm; the header may only agree. */
export const ALGORITHM = 'EdDSA';

export const protectedHeader = (typ: JwsType, kid: string, role?: Role) => ({
  alg: ALGORITHM,
  typ,
  kid,
  ...(role !== undefined && { role }),
});

/** Answers the kid. Throws JwsError `wrong_type` or `malformed`. */
export function readProtectedHeader(encoded: unknown, typ: JwsType, role?: Role): string {
  const header = decodeObject(encoded);
  if (header['alg'] !== ALGORITHM || header['typ'] !== typ) throw new JwsError('wrong_type');
  if (!hasExactly(header, ['alg', 'typ', 'kid', ...(role === undefined ? [] : ['role'])])) {
    throw new JwsError('malformed');
  }
  const { kid } = header;
  if (!isKeyId(kid) || header['role'] !== role) throw new JwsError('malformed');
  return kid;
}
