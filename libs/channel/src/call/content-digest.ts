/** Content-Digest (RFC 9530): of the body as it is sent. The library signs the header and never looks at the body. */
import { hash, timingSafeEqual } from 'node:crypto';

const ALGORITHMS: Record<string, string> = { 'sha-256': 'sha256', 'sha-512': 'sha512' };
const MEMBER = /^([a-z*][a-z0-9_.*-]{0,30})=:([A-Za-z0-9+/]{0,128}={0,2}):$/;
const MAX_LENGTH = 512;

export type Digests = readonly { algorithm: string; value: Buffer }[];

export const contentDigest = (body: string | Uint8Array): string => `sha-256=:${hash('sha256', body, 'base64')}:`;

/** Those of algorithms that are known here; undefined where there is none, or what is none. */
export function readContentDigest(text: string | undefined): Digests | undefined {
  if (text === undefined || text.length > MAX_LENGTH) return undefined;
  const members = text.split(',').map((each) => MEMBER.exec(each.trim()));
  if (members.includes(null)) return undefined;
  const known = members.flatMap((member) => {
    const algorithm = ALGORITHMS[member?.[1] ?? ''];
    return algorithm === undefined ? [] : [{ algorithm, value: Buffer.from(member?.[2] ?? '', 'base64') }];
  });
  return known.length === 0 ? undefined : known;
}

export const isBodyOf = (digests: Digests, body: Uint8Array): boolean =>
  digests.every(({ algorithm, value }) => {
    const digest = hash(algorithm, body, 'buffer');
    return digest.length === value.length && timingSafeEqual(digest, value);
  });
