import { MaterialError } from './errors';
import type { KekProvider } from './kek';
import type { Sql } from './sql';

/** Every KEK that a wrapped key names; destroyed keys need none. */
export async function distinctKekIds(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ kekId: string }[]>(
    `SELECT kek_id AS "kekId" FROM material.wrapped_key WHERE destroyed_at IS NULL
     UNION SELECT kek_id FROM material.bus_key ORDER BY 1`,
  );
  return rows.map(({ kekId }) => kekId);
}

/**
 * At start-up: with another KEK a signer could open nothing that is there, and would wrap new keys that the other
 * signers cannot open.
 * @throws MaterialError other_kek
 */
export async function requireOwnKek(sql: Sql, kek: KekProvider): Promise<void> {
  const found = (await distinctKekIds(sql)).filter((kekId) => kekId !== kek.kekId);
  if (found.length > 0) throw new MaterialError('other_kek', { expected: kek.kekId, found: found.join(',') });
}
