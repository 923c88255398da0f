/**
 * One signature by one key, with its protected header: which key, which type (RFC 8725, section 3.11), and for a statement
 * which role. Exactly the members that we write are read: so no `crit`, no `b64`, and no key that the message brings along.
 */
import { ALGORITHMS, PUBLIC_ALGORITHM_NAMES, type PrivateKey, type PublicKey } from '../algorithms';
import { momentaryBytes } from '../momentary-bytes';
import { isKeyId } from '../names';
import { decodeBase64url, encodeObject, hasExactly, objectIn, type JsonObject } from './encoding';
import { JwsError } from './jws-error';

export type JwsType =
  | 'plexsphere-statement+jws'
  | 'plexsphere-bundle+jws'
  | 'plexsphere-data+jws'
  | 'at+jwt'
  | `plexsphere-node-${'enroll' | 'ask' | 'key-change' | 'key-possession' | 'key-confirm' | 'token' | 'logout'}+jws`;
export type Role = 'authority' | 'possession';

/** A key that signs. Never crosses the wire. */
export interface SigningKey {
  keyId: string;
  privateKey: PrivateKey;
}

/** As a General JWS holds it: base64url, both. */
export interface EncodedSignature {
  signature: string;
  protected: string;
}

/** Read and not verified. */
export interface Signature {
  keyId: string;
  /** Undefined in a kind of JWS that has no roles. */
  role: Role | undefined;
  /** What the header says, which counts for nothing but to be refused: the key fixes the algorithm. */
  alg: string;
  /** RFC 7515, section 5.1: what the signature stands over. */
  input: string;
  bytes: Buffer;
}

/** Over a payload in base64url. */
export async function makeSignature(
  typ: JwsType,
  payload: string,
  { keyId, privateKey }: SigningKey,
  role?: Role,
): Promise<EncodedSignature> {
  const header = encodeObject({ alg: privateKey.algorithm.alg, typ, kid: keyId, ...(role !== undefined && { role }) });
  const signature = await privateKey.sign(Buffer.from(`${header}.${payload}`));
  return { signature: signature.toString('base64url'), protected: header };
}

/** Throws JwsError `wrong_type` or `malformed`. */
export function readSignature(
  typ: JwsType,
  payload: string,
  { protected: encoded, signature }: { protected: unknown; signature: unknown },
  roles: readonly Role[] = [],
): Signature {
  const header = headerIn(encoded);
  const { alg, kid } = header;
  const role = roles.find((each) => each === header['role']);
  if (!isAlg(alg) || header['typ'] !== typ) throw new JwsError('wrong_type');
  if (!hasExactly(header, ['alg', 'typ', 'kid', ...(roles.length === 0 ? [] : ['role'])])) {
    throw new JwsError('malformed');
  }
  if (!isKeyId(kid) || header['role'] !== role) throw new JwsError('malformed');
  return { keyId: kid, role, alg, input: `${String(encoded)}.${payload}`, bytes: decodeBase64url(signature) };
}

/** As we write it, which is one spelling: no such text holds an escape, a blank or a member twice. */
const OWN_HEADER =
  /^\{"alg":"([A-Za-z0-9]{1,16})","typ":"([a-z+-]{1,64})","kid":"([A-Za-z0-9._~-]{1,128})"(?:,"role":"([a-z]{1,16})")?\}$/;

/** By one look where it is one of ours; any other is taken apart and put together again. Throws JwsError `malformed`. */
function headerIn(encoded: unknown): JsonObject {
  const bytes = decodeBase64url(encoded);
  const own = OWN_HEADER.exec(bytes.toString('latin1'));
  if (own === null) return objectIn(bytes);
  const [, alg, typ, kid, role] = own;
  return role === undefined ? { alg, typ, kid } : { alg, typ, kid, role };
}

/** Throws JwsError `wrong_type` or `signature_invalid`. */
export function verifySignature({ alg, input, bytes }: Signature, publicKey: PublicKey): void {
  if (alg !== publicKey.algorithm.alg) throw new JwsError('wrong_type');
  if (!publicKey.verify(momentaryBytes(input), bytes)) throw new JwsError('signature_invalid');
}

const ALGS: ReadonlySet<unknown> = new Set(PUBLIC_ALGORITHM_NAMES.map((name) => ALGORITHMS[name].alg));
const isAlg = (alg: unknown): alg is string => ALGS.has(alg);
