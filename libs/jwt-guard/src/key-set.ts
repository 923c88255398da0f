/** The keys of an issuer as it publishes them (RFC 7517), and of those the ones that a token may be verified by. */
import { createLocalJWKSet, importJWK, type JWK, type JWTVerifyGetKey } from 'jose';

/** Which keys each algorithm is of. Public keys alone: no text of this table can make a secret of a published key. */
const ALGORITHMS: Record<string, { kty: string; crv?: string }> = {
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
  Ed25519: { kty: 'OKP', crv: 'Ed25519' },
  RS256: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
};

export const isKnownAlgorithm = (alg: unknown): alg is string =>
  typeof alg === 'string' && Object.hasOwn(ALGORITHMS, alg);

/** More than any issuer has reason to show, and few enough to be read in a moment. */
export const MAX_KEYS = 100;

/** RFC 7518, section 3.3; and a verification by a larger one takes longer than a request may cost. */
const RSA_BITS = { least: 2_048, most: 8_192 };

const PUBLIC_MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg'];

export interface KeySet {
  /** Of its keys: no other may verify. */
  algorithms: string[];
  keyOf: JWTVerifyGetKey;
}

/**
 * Undefined where it is no key set. Keys of a kind that is not known here, damaged ones, and such as must not verify are
 * passed over (RFC 7517, section 5): so an issuer can have keys that this verifier has never heard of. A set that names no
 * usable key is one all the same: it is how an issuer says that it vouches for none.
 */
export async function readKeySet(text: string): Promise<KeySet | undefined> {
  const published = publishedKeys(text);
  if (published === undefined || published.length > MAX_KEYS) return undefined;
  const imported = await Promise.all(published.map(usable));
  const keys = imported.filter((key) => key !== undefined);
  return { algorithms: [...new Set(keys.map(({ alg }) => alg))], keyOf: createLocalJWKSet({ keys }) };
}

function publishedKeys(text: string): unknown[] | undefined {
  try {
    const { keys } = JSON.parse(text) as { keys?: unknown };
    return Array.isArray(keys) ? keys : undefined;
  } catch {
    return undefined;
  }
}

async function usable(key: unknown): Promise<(JWK & { alg: string }) | undefined> {
  const jwk = publicHalf(key);
  if (jwk === undefined) return undefined;
  try {
    const imported = await importJWK(jwk, jwk.alg);
    if (imported instanceof Uint8Array) return undefined;
    const { modulusLength } = imported.algorithm as { modulusLength?: number };
    if (modulusLength !== undefined && (modulusLength < RSA_BITS.least || modulusLength > RSA_BITS.most))
      return undefined;
    return jwk;
  } catch {
    return undefined;
  }
}

/** Its algorithm has to be named: which one verifies is the issuer's to say, never a token's. */
function publicHalf(key: unknown): (JWK & { alg: string }) | undefined {
  if (typeof key !== 'object' || key === null) return undefined;
  const jwk = key as Record<string, unknown>;
  const { kty, crv, alg, kid, use = 'sig', key_ops: operations = ['verify'] } = jwk;
  if (!isKnownAlgorithm(alg) || ALGORITHMS[alg]?.kty !== kty || ALGORITHMS[alg]?.crv !== crv) return undefined;
  if (kid !== undefined && typeof kid !== 'string') return undefined;
  if (use !== 'sig' || !Array.isArray(operations) || !operations.includes('verify')) return undefined;
  // A private half that is published is everybody's.
  if (jwk['d'] !== undefined) return undefined;
  return Object.fromEntries(PUBLIC_MEMBERS.flatMap((name) => (name in jwk ? [[name, jwk[name]]] : []))) as JWK & {
    alg: string;
  };
}
