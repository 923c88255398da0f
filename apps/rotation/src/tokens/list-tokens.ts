import type { ListTokensReply, TokenSummary } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';

interface Row extends Pick<TokenSummary, 'id' | 'name' | 'role' | 'scopes' | 'state'> {
  created_at: Date;
  expires_at: Date;
  last_used_at: Date | null;
}

/** Every token that there ever was, the oldest first, and nothing by which one could be used. */
export async function listTokens(manager: Pick<EntityManager, 'query'>): Promise<ListTokensReply> {
  const rows = await manager.query<Row[]>(
    `SELECT id, name, role, scopes, created_at, expires_at, last_used_at,
            CASE WHEN revoked_at IS NOT NULL THEN 'revoked'
                 WHEN expires_at <= clock_timestamp() THEN 'expired' ELSE 'valid' END AS state
       FROM ring.operator ORDER BY created_at, id`,
  );
  return { tokens: rows.map(summary) };
}

const summary = (row: Row): TokenSummary => ({
  ...row,
  created_at: row.created_at.toISOString(),
  expires_at: row.expires_at.toISOString(),
  last_used_at: row.last_used_at?.toISOString() ?? null,
});
