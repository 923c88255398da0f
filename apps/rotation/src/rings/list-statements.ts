import type { Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

interface StatementPage {
  /** Oldest first. */
  statements: string[];
  /** The last one's epoch; undefined where nothing comes after it. */
  next: number | undefined;
}

/** Half of what the bus carries: what stands around the statements has room, however it is written. */
const PAGE_BYTES = 512 * 1_024;

/** A ring's statements after an epoch: at most `limit`, at least one, and no more than go into one reply. */
export async function listStatements(
  manager: EntityManager,
  scope: Scope,
  { afterEpoch, limit }: { afterEpoch: number; limit: number },
): Promise<StatementPage> {
  const ahead = await manager.query<{ epoch: number; statement: string }[]>(
    `SELECT epoch::float8 AS epoch, statement FROM ring.ring_change
      WHERE scope = $1 AND epoch > $2 AND statement IS NOT NULL ORDER BY epoch LIMIT $3`,
    [scope, afterEpoch, limit + 1],
  );
  let bytes = 0;
  const fitting = ahead.slice(0, limit).filter(({ statement }, index) => {
    bytes += Buffer.byteLength(JSON.stringify(statement));
    return index === 0 || bytes <= PAGE_BYTES;
  });
  return {
    statements: fitting.map(({ statement }) => statement),
    next: fitting.length < ahead.length ? fitting.at(-1)?.epoch : undefined,
  };
}
