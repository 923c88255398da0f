import type { Sql } from '@plexsphere/material';
import { PLATFORM } from '@plexsphere/wire';

/** What bring-up and its commands did, in the caller's transaction; nothing secret. */
export async function writeAudit(owner: Sql, action: string, after: Record<string, unknown>): Promise<void> {
  await owner.query(`INSERT INTO ring.audit (actor, action, scope, after) VALUES ('bootstrap', $1, $2, $3)`, [
    action,
    PLATFORM,
    after,
  ]);
}
