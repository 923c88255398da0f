import { MaterialError } from './errors';
import type { KekProvider, Sealed } from './kek';

/** Whose secret it is. The ciphertext opens for exactly this and for nothing else. */
export type Owner =
  { scope: string; keyId: string; algorithm: string } | { busKey: 'operator' | 'account'; publicKey: string };

export interface Wrapped extends Sealed {
  kekId: string;
}

export const wrap = async (kek: KekProvider, owner: Owner, secret: Uint8Array): Promise<Wrapped> => ({
  ...(await kek.seal(secret, associatedData(kek.kekId, owner))),
  kekId: kek.kekId,
});

/** @throws MaterialError other_kek, tampered */
export async function unwrap(kek: KekProvider, owner: Owner, wrapped: Wrapped): Promise<Buffer> {
  if (wrapped.kekId !== kek.kekId) throw new MaterialError('other_kek', { expected: kek.kekId, found: wrapped.kekId });
  return kek.open(wrapped, associatedData(kek.kekId, owner));
}

/**
 * Canonical JSON (members in the order of their names, no white space) of everything that says what the secret is: a row
 * whose ciphertext was copied from another row does not open.
 */
function associatedData(kekId: string, owner: Owner): Buffer {
  const names =
    'busKey' in owner
      ? { bus_key: owner.busKey, kek_id: kekId, public_key: owner.publicKey }
      : { algorithm: owner.algorithm, kek_id: kekId, key_id: owner.keyId, scope: owner.scope };
  return Buffer.from(JSON.stringify(names));
}
