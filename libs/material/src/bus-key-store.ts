import type { Sql } from '@plexsphere/wire';
import { MaterialError } from './errors';
import type { KekProvider } from './kek';
import { unwrap, wrap, type Wrapped } from './wrap';

export type BusKeyOwner = 'operator' | 'account';

/** The bus's operator key or mesh account key, as NATS writes keys. `seed` is the secret half. */
export interface BusSeed {
  publicKey: string;
  seed: string;
}

/** Bootstrap alone calls it, once for each. */
export async function insertBusKey(sql: Sql, kek: KekProvider, owner: BusKeyOwner, key: BusSeed): Promise<void> {
  const { publicKey } = key;
  const { kekId, nonce, ciphertext } = await wrap(kek, { busKey: owner, publicKey }, Buffer.from(key.seed));
  await sql.query(
    'INSERT INTO material.bus_key (kind, public_key, kek_id, nonce, ciphertext) VALUES ($1, $2, $3, $4, $5)',
    [owner, publicKey, kekId, nonce, ciphertext],
  );
}

/** @throws MaterialError unknown_key, other_kek, tampered */
export async function loadBusKey(sql: Sql, kek: KekProvider, owner: BusKeyOwner): Promise<BusSeed> {
  const [row] = await sql.query<(Wrapped & { publicKey: string })[]>(
    `SELECT public_key AS "publicKey", kek_id AS "kekId", nonce, ciphertext FROM material.bus_key WHERE kind = $1`,
    [owner],
  );
  if (row === undefined) throw new MaterialError('unknown_key', { busKey: owner });
  const { publicKey } = row;
  return { publicKey, seed: (await unwrap(kek, { busKey: owner, publicKey }, row)).toString() };
}
