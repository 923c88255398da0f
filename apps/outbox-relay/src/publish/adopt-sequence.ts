import type { EntityManager } from 'typeorm';
import { TOLD_AS_SETTLED } from '../node-stream';
import type { ClaimKey } from '../claim/claimed-node';
import { unsendMessages } from '../claim/unsend-messages';

/**
 * The stream holds another last message for this Node than the one on record: someone published and was gone before it
 * could mark, or the message was lost. What it told the Node is unknown, so everything that is not settled is sent
 * again (ADR 0008). In the caller's transaction; false where the claim was lost, and then nothing has changed.
 */
export async function adoptSequence(
  manager: EntityManager,
  owner: string,
  { nodeId, attempt }: ClaimKey,
  sequence: number,
): Promise<boolean> {
  const [, adopted] = await manager.query<[unknown, number]>(
    `UPDATE outbox.node_stream SET
       claim_owner = NULL,
       claim_deadline = clock_timestamp(),
       last_sequence = $4,
       ${TOLD_AS_SETTLED}
      WHERE node_id = $1 AND claim_owner = $2 AND attempt = $3`,
    [nodeId, owner, attempt, sequence],
  );
  if (adopted === 0) return false;
  await unsendMessages(manager, [nodeId]);
  return true;
}
