import type { Sql } from '@plexsphere/wire';
import type { KeyName } from './key-store';

/**
 * Writes down that tokens by this key may live until then; how far the horizon reaches afterwards, which is no less. Committed
 * when it returns, so that what is signed then is known of, whatever becomes of who signs it.
 */
export async function raiseHorizon(sql: Sql, { scope, keyId }: KeyName, to: Date): Promise<Date> {
  const [row] = await sql.query<{ horizon: Date }[]>('SELECT material.raise_horizon($1, $2, $3) AS horizon', [
    ...[scope, keyId, to],
  ]);
  if (row === undefined) throw new Error('no horizon was written');
  return row.horizon;
}

/** null where no token was ever signed by that key. */
export async function readHorizon(sql: Sql, { scope, keyId }: KeyName): Promise<Date | null> {
  const [row] = await sql.query<{ horizon: Date }[]>(
    'SELECT horizon FROM material.token_horizon WHERE scope = $1 AND key_id = $2',
    [scope, keyId],
  );
  return row?.horizon ?? null;
}
