import { MaterialError } from './errors';
import type { KekProvider, Sealed } from './kek';

/** What a wrapped secret is for. The ciphertext opens for exactly this and for nothing else. */
export type Purpose =
  | { scope: string; purpose: string; keyId: string; algorithm: string }
  | { busKey: 'operator' | 'account'; publicKey: string };

export interface Wrapped extends Sealed {
  kekId: string;
}

export const wrap = async (kek: KekProvider, purpose: Purpose, secret: Uint8Array): Promise<Wrapped> => ({
  ...(await kek.seal(secret, associatedData(kek.kekId, purpose))),
  kekId: kek.kekId,
});

/** @throws MaterialError other_kek, tampered */
export async function unwrap(kek: KekProvider, purpose: Purpose, wrapped: Wrapped): Promise<Buffer> {
  if (wrapped.kekId !== kek.kekId) throw new MaterialError('other_kek', { expected: kek.kekId, found: wrapped.kekId });
  return kek.open(wrapped, associatedData(kek.kekId, purpose));
}

/**
 * Canonical JSON (members in the order of their names, no white space) of everything that says what the secret is: a row
 * whose ciphertext was copied from another row does not open.
 */
function associatedData(kekId: string, purpose: Purpose): Buffer {
  const names =
    'busKey' in purpose
      ? { bus_key: purpose.busKey, kek_id: kekId, public_key: purpose.publicKey }
      : {
          algorithm: purpose.algorithm,
          kek_id: kekId,
          key_id: purpose.keyId,
          purpose: purpose.purpose,
          scope: purpose.scope,
        };
  return Buffer.from(JSON.stringify(names));
}
