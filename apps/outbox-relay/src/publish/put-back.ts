import type { EntityManager } from 'typeorm';
import type { ClaimKey, OrdinaryEvent } from '../claim/claimed-node';

/**
 * Takes back a position that this claim has given, and under which nothing was published: whatever else waits for the Node
 * has it next. Nobody has given one since, for the Node is this relay's.
 */
const PUT_BACK = `
  WITH mine AS (
    SELECT node_id FROM outbox.node_stream
     WHERE node_id = $1 AND attempt = $2 AND claim_owner = $3 AND last_position = $5 FOR UPDATE
  ),
  back AS (
    UPDATE outbox.message m SET position = NULL
      FROM mine
     WHERE m.id = $4 AND CASE m.state WHEN 'unsent' THEN m.node_id = mine.node_id AND m.position = $5 ELSE false END
    RETURNING m.node_id
  )
  UPDATE outbox.node_stream s SET last_position = s.last_position - 1 FROM back WHERE s.node_id = back.node_id`;

/** One statement. A claim that was lost meanwhile is not touched. */
export const putBack = (
  manager: EntityManager,
  owner: string,
  { nodeId, attempt }: ClaimKey,
  { id, position }: Pick<OrdinaryEvent, 'id' | 'position'>,
): Promise<unknown> => manager.query(PUT_BACK, [nodeId, attempt, owner, id, position]);
