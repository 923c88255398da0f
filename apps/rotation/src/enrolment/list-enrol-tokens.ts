import { problem } from '@plexsphere/wire';
import type { EnrollTokenSummary, ListEnrollTokensReply } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import type { Scopes } from '../rings/list-rings';

/** In one reply, of some 350 bytes each: far below the bus' limit of 1 MB. */
const TOKENS_IN_REPLY = 2_000;

interface Row extends Pick<EnrollTokenSummary, 'id' | 'scope' | 'state' | 'created_by' | 'node_id'> {
  created_at: Date;
  expires_at: Date;
  used_at: Date | null;
}

/** Down the index by their ends, from behind one of them; and nothing by which one could be used. */
const SELECT = `
  SELECT id, scope, created_by, created_at, expires_at, used_at, node_id,
         CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN node_id IS NOT NULL THEN 'used'
              WHEN expires_at <= clock_timestamp() THEN 'expired' ELSE 'valid' END AS state
    FROM ring.enrol_token
   WHERE ($1::text[] IS NULL OR scope = ANY ($1))
     AND ($2::uuid IS NULL OR (expires_at, id) > (SELECT expires_at, id FROM ring.enrol_token WHERE id = $2))
   ORDER BY expires_at, id LIMIT $3`;

const IS_THERE = 'SELECT FROM ring.enrol_token WHERE id = $2 AND ($1::text[] IS NULL OR scope = ANY ($1))';

/** @throws Problem unknownToken where there is none `after` any more */
export async function listEnrolTokens(
  manager: Pick<EntityManager, 'query'>,
  scopes: Scopes,
  after: string | undefined,
  limit = TOKENS_IN_REPLY,
): Promise<ListEnrollTokensReply> {
  if (after !== undefined) {
    const found = await manager.query<unknown[]>(IS_THERE, [scopes, after]);
    if (found.length === 0) throw problem('unknownToken', { field: 'after' });
  }
  const rows = await manager.query<Row[]>(SELECT, [scopes, after ?? null, limit + 1]);
  const tokens = rows.slice(0, limit).map(summary);
  const next = rows.length > limit ? tokens.at(-1)?.id : undefined;
  return { tokens, ...(next === undefined ? {} : { next }) };
}

const summary = ({ created_at, expires_at, used_at, ...row }: Row): EnrollTokenSummary => ({
  ...row,
  created_at: created_at.toISOString(),
  expires_at: expires_at.toISOString(),
  used_at: used_at?.toISOString() ?? null,
});
