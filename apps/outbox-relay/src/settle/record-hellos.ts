import type { EntityManager } from 'typeorm';
import type { NodeAck } from './combine-acks';

export interface NodeHello extends NodeAck {
  helloId: string;
}

/** A hello that comes so soon after its own answer has crossed it. If the answer was lost, the Node asks once more. */
const CROSSED_WITHIN = `interval '2 s'`;

/**
 * The latest hello of each Node counts; one that is being answered is replaced, and so answered too. Not by a repetition
 * of itself: a Node asks again every few seconds, and what is under way to it would begin anew each time; nor is one that
 * has crossed its own answer another question.
 *
 * A Node that says less than it has settled has lost its store: what it does not hold counts as applied no more. What
 * was settled by position stays so, since the rows may be gone.
 */
const RECORD_HELLOS = `
  WITH said AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS d(node_id uuid, hello jsonb)
  ),
  known AS (
    SELECT s.node_id FROM outbox.node_stream s
      JOIN said ON said.node_id = s.node_id
      JOIN ring.node n ON n.id = s.node_id AND n.state = 'enrolled'
     ORDER BY s.node_id FOR UPDATE OF s
  )
  UPDATE outbox.node_stream s SET
    hello = CASE WHEN s.hello_id = said.hello ->> 'hello_id'
                      AND (s.hello ? 'taken'
                           OR s.hello IS NULL AND s.hello_answered_at > clock_timestamp() - ${CROSSED_WITHIN})
                 THEN s.hello ELSE said.hello END,
    hello_id = said.hello ->> 'hello_id',
    settled_epoch = least(s.settled_epoch, (said.hello ->> 'epoch')::bigint),
    settled_platform_epoch = least(s.settled_platform_epoch, (said.hello ->> 'platform_epoch')::bigint),
    first_seen_at = coalesce(s.first_seen_at, clock_timestamp()),
    last_seen_at = clock_timestamp()
    FROM known JOIN said ON said.node_id = known.node_id WHERE s.node_id = known.node_id
  RETURNING s.node_id AS "nodeId"`;

/** Hellos in the order in which they came. Returns the ids of those that are nobody: a Node that is not enrolled. */
export async function recordHellos(manager: EntityManager, hellos: readonly NodeHello[]): Promise<string[]> {
  const latest = new Map(hellos.map((hello) => [hello.nodeId, hello]));
  const rows = [...latest.values()].map(({ nodeId, helloId, epoch, platformEpoch, position }) => ({
    node_id: nodeId,
    hello: { hello_id: helloId, epoch, platform_epoch: platformEpoch, position },
  }));
  const [recorded] = await manager.query<[{ nodeId: string }[], number]>(RECORD_HELLOS, [JSON.stringify(rows)]);
  for (const { nodeId } of recorded) latest.delete(nodeId);
  return [...latest.keys()];
}
