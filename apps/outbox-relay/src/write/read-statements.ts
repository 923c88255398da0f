import type { Told } from '@plexsphere/keyring';
import { PLATFORM, type Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import type { ChainPlace } from '../claim/claimed-node';

export interface StatementRow {
  scope: Scope;
  epoch: number;
  statement: string;
}

/**
 * At most `limit` statements after `from` and up to the rings of `upTo`: the platform's, oldest first, then the scope's
 * own. Not beyond: the bundle has to name the last ones. A Node of `platform` has one ring, so one list.
 */
export async function readStatements(
  manager: EntityManager,
  scope: Scope,
  from: ChainPlace,
  { upTo, limit }: { upTo: Told; limit: number },
): Promise<StatementRow[]> {
  const rows = await manager.query<{ scope: Scope; epoch: string; statement: string }[]>(
    `(SELECT 1 AS list, scope, epoch, statement FROM ring.ring_change
       WHERE scope = '${PLATFORM}' AND epoch > $1 AND epoch <= $2 AND statement IS NOT NULL
       ORDER BY epoch LIMIT $6)
     UNION ALL
     (SELECT 2, scope, epoch, statement FROM ring.ring_change
       WHERE scope = $3 AND scope <> '${PLATFORM}' AND epoch > $4 AND epoch <= $5 AND statement IS NOT NULL
       ORDER BY epoch LIMIT $6)
     ORDER BY list, epoch LIMIT $6`,
    [from.afterPlatformEpoch, upTo.platformEpoch, scope, from.afterEpoch, upTo.epoch, limit],
  );
  return rows.map(({ scope: of, epoch, statement }) => ({ scope: of, epoch: Number(epoch), statement }));
}
