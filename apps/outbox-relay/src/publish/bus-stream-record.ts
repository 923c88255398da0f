import type { EntityManager } from 'typeorm';
import { TOLD_AS_SETTLED } from '../node-stream';

/** Above the pool's own limit: every Node is rewritten at once, and there is nothing better to do meanwhile. */
const TIMEOUT = '120s';

const COMPARE_AND_SET = `
  INSERT INTO outbox.bus_stream AS known (name, created, seen_at) VALUES ($1, $2, clock_timestamp())
  ON CONFLICT (name) DO UPDATE SET created = excluded.created, seen_at = excluded.seen_at
   WHERE known.created = $3
  RETURNING name`;

/**
 * Claims end, and with a new attempt: whoever published to the stream that is gone must not mark it as told.
 * The stream's sequences begin anew, so nothing stands on it: 0.
 */
const BEGIN_ANEW = `
  UPDATE outbox.node_stream SET
    last_sequence = 0,
    ${TOLD_AS_SETTLED},
    claim_owner = NULL,
    claim_deadline = NULL,
    attempt = attempt + 1`;

/** The stream's creation time as it was last seen; undefined before the first. */
export async function readBusStream(manager: EntityManager, name: string): Promise<string | undefined> {
  const sql = `SELECT created FROM outbox.bus_stream WHERE name = $1`;
  const [row] = await manager.query<{ created: string }[]>(sql, [name]);
  return row?.created;
}

/**
 * In the caller's transaction: the stream is another one than `before` (undefined: none was known). False where another
 * relay was first. What is not settled is to be sent again, since it stood on a disk that is lost.
 */
export async function replaceBusStream(
  manager: EntityManager,
  name: string,
  { before, now }: { before: string | undefined; now: string },
): Promise<boolean> {
  await manager.query(`SET LOCAL statement_timeout = '${TIMEOUT}'`);
  await manager.query(`SET LOCAL lock_timeout = '${TIMEOUT}'`);
  const first = await manager.query<unknown[]>(COMPARE_AND_SET, [name, now, before ?? null]);
  if (first.length === 0) return false;
  // In the order of node_id, as everybody locks these rows.
  await manager.query(`SELECT FROM outbox.node_stream ORDER BY node_id FOR UPDATE`);
  await manager.query(`UPDATE outbox.message SET state = 'unsent' WHERE state = 'sent'`);
  await manager.query(BEGIN_ANEW);
  return true;
}
