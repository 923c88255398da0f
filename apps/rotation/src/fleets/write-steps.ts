import type { FleetState, StepReason, StepState } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';

export interface StepChange {
  nodeId: string;
  state: Extract<StepState, 'ordered' | 'failed' | 'skipped'>;
  reason: StepReason | null;
  /** Of one that failed since its Node is away. */
  offlineSince?: Date;
  /** Of an order: the generation that it is to end, and until when. */
  generation?: number;
  deadlineAt?: Date;
}

/** Under the run's lock, of steps that were all in this state: each change has a number of its own, and the run its counts. */
export async function writeSteps(
  manager: EntityManager,
  run: string,
  from: 'waiting' | 'ordered',
  changes: readonly StepChange[],
): Promise<void> {
  if (changes.length === 0) return;
  const count = (state: StepState): number => changes.filter((change) => change.state === state).length;
  const ordered = count('ordered') - (from === 'ordered' ? changes.length : 0);
  await manager.query(
    `UPDATE ring.fleet_step AS step
        SET state = change.state, reason = change.reason, offline_since = change.offline_since,
            generation = coalesce(change.generation, step.generation), changed_at = clock_timestamp(),
            deadline_at = coalesce(change.deadline_at, step.deadline_at), seq = run.seq + change.place
       FROM ring.fleet_run AS run,
            unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::bigint[], $7::timestamptz[])
              WITH ORDINALITY AS change (node_id, state, reason, offline_since, generation, deadline_at, place)
      WHERE run.id = $1 AND step.run_id = $1 AND step.node_id = change.node_id`,
    [
      ...[run, changes.map(({ nodeId }) => nodeId), changes.map(({ state }) => state)],
      ...[changes.map(({ reason }) => reason), changes.map(({ offlineSince }) => offlineSince ?? null)],
      ...[changes.map(({ generation }) => generation ?? null), changes.map(({ deadlineAt }) => deadlineAt ?? null)],
    ],
  );
  await manager.query(
    `UPDATE ring.fleet_run SET seq = seq + $2, ordered = ordered + $3, failed = failed + $4, skipped = skipped + $5
      WHERE id = $1`,
    [run, changes.length, ordered, count('failed'), count('skipped')],
  );
}

/** It runs no more, or has come to an end. */
export const writeState = (
  manager: EntityManager,
  run: string,
  state: Extract<FleetState, 'halted' | 'finished'>,
): Promise<unknown> =>
  manager.query(
    `UPDATE ring.fleet_run
        SET state = $2, seq = seq + 1, ended_at = CASE $2 WHEN 'finished' THEN clock_timestamp() END WHERE id = $1`,
    [run, state],
  );
