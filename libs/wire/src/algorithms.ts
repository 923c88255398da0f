/** The algorithms of signing keys: one table, a row each. Whoever needs to know what a key can do asks its row. */
import { asymmetric, type Algorithm, type PrivateKey, type PublicKey } from './asymmetric';
import { RAW_BASE64 } from './ed25519';
import { problem } from './problem';

export type { Algorithm, PrivateKey, PublicKey };

export const ALGORITHMS = {
  Ed25519: asymmetric('ed25519', { alg: 'EdDSA', text: RAW_BASE64 }),
} satisfies Record<string, Algorithm>;

export type AlgorithmName = keyof typeof ALGORITHMS;

/** What a text means that names no algorithm. Nodes written in Go know this one alone. */
export const MESH_ALGORITHM: AlgorithmName = 'Ed25519';

export const isAlgorithmName = (name: unknown): name is AlgorithmName =>
  typeof name === 'string' && Object.hasOwn(ALGORITHMS, name);

const read = (text: unknown, name: AlgorithmName): PublicKey | undefined => {
  const algorithm: Algorithm = ALGORITHMS[name];
  return algorithm.read?.(text);
};

export const isPublicKey = (text: unknown, algorithm = MESH_ALGORITHM): text is string =>
  read(text, algorithm) !== undefined;

/** Throws Problem invariantViolation, field `public_key`, for anything but the text of a key of that algorithm. */
export function publicKeyFromText(text: unknown, algorithm = MESH_ALGORITHM): PublicKey {
  const key = read(text, algorithm);
  if (key === undefined) throw problem('invariantViolation', { field: 'public_key' });
  return key;
}

/** Of either half. Throws TypeError where there is no public one. */
export function publicText(key: PublicKey | PrivateKey): string {
  const half = 'publicKey' in key ? key.publicKey : key;
  if (half === null) throw new TypeError('a key without a public half');
  return half.text;
}
