import type { ChainPlace, ListPlace, Told } from '@plexsphere/keyring';
import { PLATFORM, type Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

export interface StatementRow {
  epoch: number;
  statement: string;
}

/** What of each ring a chain has ahead. A Node of `platform` has one ring, so one list. */
export interface Statements {
  platform: StatementRow[];
  own: StatementRow[];
}

/** `$1`: scope; `$2`, `$3`: the place; `$4`: up to which epoch. What comes before `whole_from` are recoveries alone. */
const READ = `
  SELECT epoch::float8, statement FROM (
    (SELECT epoch, statement FROM ring.ring_change
      WHERE scope = $1 AND epoch > $2 AND epoch < $3 AND epoch <= $4 AND change = 'recovery' ORDER BY epoch LIMIT $5)
    UNION ALL
    (SELECT epoch, statement FROM ring.ring_change
      WHERE scope = $1 AND epoch > $2 AND epoch >= $3 AND epoch <= $4 AND statement IS NOT NULL ORDER BY epoch LIMIT $5)
  ) ahead ORDER BY epoch LIMIT $5`;

/**
 * Of each ring at most `limit` statements from a place on, oldest first, up to the epochs of `upTo`. Not beyond: the
 * bundle has to name the last ones.
 */
export async function readStatements(
  manager: EntityManager,
  scope: Scope,
  from: ChainPlace,
  { upTo, limit }: { upTo: Told; limit: number },
): Promise<Statements> {
  const read = (of: Scope, { afterEpoch, wholeFrom }: ListPlace, last: number): Promise<StatementRow[]> =>
    manager.query<StatementRow[]>(READ, [of, afterEpoch, wholeFrom, last, limit]);
  return {
    platform: await read(PLATFORM, from.platform, upTo.platformEpoch),
    own: from.own === null ? [] : await read(scope, from.own, upTo.epoch),
  };
}
