/** The algorithms of signing keys: one table, a row each. Whoever needs to know what a key can do asks its row. */
import { constants } from 'node:crypto';
import { asymmetric, type Algorithm, type Asymmetric, type PrivateKey, type PublicKey } from './asymmetric';
import { RAW_BASE64 } from './ed25519';
import { problem } from './problem';
import { SHARED_SECRET } from './shared-secret';

export type { Algorithm, PrivateKey, PublicKey };

/**
 * Ours have 2,048 bits, which is what verifiers of tokens are used to and enough for what lives for weeks; whoever wants
 * more takes ES256, which is quicker too. What is imported may be longer.
 */
const RSA: Omit<Asymmetric, 'alg'> = {
  digest: 'sha256',
  generation: { modulusLength: 2_048 },
  accepts: ({ modulusLength = 0, publicExponent }) =>
    modulusLength >= 2_048 && modulusLength <= 4_096 && publicExponent === 65_537n,
};

export const ALGORITHMS = {
  Ed25519: asymmetric('ed25519', { alg: 'EdDSA', text: RAW_BASE64 }),
  ES256: asymmetric('ec', {
    alg: 'ES256',
    digest: 'sha256',
    generation: { namedCurve: 'prime256v1' },
    accepts: ({ namedCurve }) => namedCurve === 'prime256v1',
    // RFC 7518, section 3.4: both numbers one behind the other, and no DER.
    signature: { dsaEncoding: 'ieee-p1363' },
  }),
  RS256: asymmetric('rsa', { alg: 'RS256', ...RSA }),
  PS256: asymmetric('rsa', {
    ...{ alg: 'PS256', ...RSA },
    // RFC 7518, section 3.5: as long as the digest.
    signature: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  }),
  HS256: SHARED_SECRET,
} satisfies Record<string, Algorithm>;

export type AlgorithmName = keyof typeof ALGORITHMS;

/** Those whose keys have a public half, so that what they sign is for everybody. */
export const PUBLIC_ALGORITHM_NAMES = (Object.keys(ALGORITHMS) as AlgorithmName[]).filter(
  (name) => 'read' in ALGORITHMS[name],
);

/** What a text means that names no algorithm. Nodes written in Go know this one alone. */
export const MESH_ALGORITHM: AlgorithmName = 'Ed25519';

export const isAlgorithmName = (name: unknown): name is AlgorithmName =>
  typeof name === 'string' && Object.hasOwn(ALGORITHMS, name);

/** undefined for anything but the text of a key of that algorithm. */
export function readPublicKey(text: unknown, name: AlgorithmName): PublicKey | undefined {
  const algorithm: Algorithm = ALGORITHMS[name];
  return algorithm.read?.(text);
}

export const isPublicKey = (text: unknown, algorithm: AlgorithmName = MESH_ALGORITHM): text is string =>
  readPublicKey(text, algorithm) !== undefined;

/** Throws Problem invariantViolation, field `public_key`, for anything but the text of a key of that algorithm. */
export function publicKeyFromText(text: unknown, algorithm: AlgorithmName = MESH_ALGORITHM): PublicKey {
  const key = readPublicKey(text, algorithm);
  if (key === undefined) throw problem('invariantViolation', { field: 'public_key' });
  return key;
}

/**
 * A public JWK as a key of ours: by its `alg`, or where it names none by the only algorithm that its type is for. Of RSA
 * there are two, so that one has to say which. undefined for anything else; members beside those of the key count for nothing.
 */
export function publicKeyFromJwk(
  jwk: Readonly<Record<string, unknown>>,
): { algorithm: AlgorithmName; publicKey: PublicKey } | undefined {
  const rows: [string, Algorithm][] = Object.entries(ALGORITHMS);
  const fitting = rows.flatMap(([name, row]) => {
    const publicKey = jwk['alg'] === undefined || jwk['alg'] === row.alg ? row.readJwk?.(jwk) : undefined;
    return publicKey === undefined ? [] : [{ algorithm: name as AlgorithmName, publicKey }];
  });
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** Of either half. Throws TypeError where there is no public one. */
export function publicText(key: PublicKey | PrivateKey): string {
  const half = 'publicKey' in key ? key.publicKey : key;
  if (half === null) throw new TypeError('a key without a public half');
  return half.text;
}
