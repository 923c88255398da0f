/** What a Node does, or is done to it, as the fleet runs that wait for it count it: part of the transaction that does so. */
import { HOST_FAILURES, type NodeKeyView, type StepReason } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';

/** The order that is over first, of those that wait for the Node to change the key that it has; null where none does. */
export async function dueOrder(manager: EntityManager, nodeId: string): Promise<NodeKeyView['due']> {
  const [step] = await manager.query<{ run: string; deadlineAt: Date }[]>(
    `SELECT run_id AS run, deadline_at AS "deadlineAt" FROM ring.fleet_step AS step
      WHERE node_id = $1 AND state = 'ordered' AND deadline_at > clock_timestamp()
        AND NOT EXISTS (SELECT FROM ring.node_key WHERE node_id = $1 AND generation > step.generation)
      ORDER BY deadline_at LIMIT 1`,
    [nodeId],
  );
  return step === undefined ? null : { run: step.run, expires_at: step.deadlineAt.toISOString() };
}

/** The Node says that it cannot: it goes on by the key that it has. A reason that is not known here is the host's all the same. */
export const hostFailed = (
  manager: EntityManager,
  nodeId: string,
  { run, reason }: { run: string; reason: string },
): Promise<void> => {
  const known = HOST_FAILURES.find((failure) => failure === reason) ?? 'store_failed';
  return endSteps(manager, nodeId, { state: 'failed', reason: known, run });
};

/** The Node works by its key of this generation: done, wherever an earlier one was to end. */
export const stepConfirmed = (manager: EntityManager, nodeId: string, generation: number): Promise<void> =>
  endSteps(manager, nodeId, { state: 'rotated', reason: null, generation });

/** Nobody waits for a Node that is out. */
export const stepsGone = (manager: EntityManager, nodeId: string, reason: 'removed' | 'revoked'): Promise<void> =>
  endSteps(manager, nodeId, { state: 'failed', reason });

interface StepEnd {
  state: 'rotated' | 'failed';
  reason: StepReason | null;
  /** Of this run's alone. */
  run?: string;
  /** Of those that wait for this generation or an earlier one. */
  generation?: number;
}

/**
 * Runs are locked in their order, before their steps: of several Nodes that answer at once, and the loop, none waits for
 * another that waits for it. A wave whose last step this is makes its run due.
 */
async function endSteps(
  manager: EntityManager,
  nodeId: string,
  { state, reason, run, generation }: StepEnd,
): Promise<void> {
  const runs = await manager.query<{ id: string }[]>(
    `SELECT id FROM ring.fleet_run
      WHERE id IN (SELECT run_id FROM ring.fleet_step
                    WHERE node_id = $1 AND state = 'ordered' AND ($2::uuid IS NULL OR run_id = $2)
                      AND ($3::bigint IS NULL OR generation < $3))
      ORDER BY id FOR UPDATE`,
    [nodeId, run ?? null, generation ?? null],
  );
  for (const { id } of runs) {
    await manager.query(
      `WITH ended AS (
         UPDATE ring.fleet_step AS step
            SET state = $3, reason = $4, changed_at = clock_timestamp(), seq = run.seq + 1
           FROM ring.fleet_run AS run
          WHERE run.id = $1 AND step.run_id = $1 AND step.node_id = $2 AND step.state = 'ordered'
         RETURNING step.state
       )
       UPDATE ring.fleet_run
          SET seq = seq + 1, ordered = ordered - 1, ${state} = ${state} + 1,
              due_at = CASE ordered WHEN 1 THEN clock_timestamp() ELSE due_at END
        WHERE id = $1 AND EXISTS (SELECT FROM ended)`,
      [id, nodeId, state, reason],
    );
  }
}
