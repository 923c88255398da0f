/** Fleet runs and their steps as they are shown. */
import type { FleetRun, FleetStep } from '@plexsphere/wire/commands';
import { problem } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import type { Scopes } from '../rings/list-rings';

type RunRow = Omit<FleetRun, 'created_at' | 'ended_at'> & { created_at: Date; ended_at: Date | null };
type StepRow = Omit<FleetStep, 'offline_since' | 'changed_at'> & { offline_since: Date | null; changed_at: Date };

/** One of which every Node is theirs to command: who may not see one of them sees none. */
const SELECT_RUN = `
  SELECT id AS run, state, mode, batch, on_error, stop_after, (deadline_ms / 1000)::int AS deadline_seconds, targets, reason,
         created_by, created_at, ended_at, nodes, waves, wave, rotated, failed, skipped
    FROM ring.fleet_run WHERE ($1::text[] IS NULL OR scopes <@ $1)`;

const runOf = ({ created_at: createdAt, ended_at: endedAt, ...row }: RunRow): FleetRun => ({
  ...row,
  created_at: createdAt.toISOString(),
  ended_at: endedAt?.toISOString() ?? null,
});

/** @throws Problem unknownFleetRun */
export async function readRun(manager: EntityManager, run: string, scopes: Scopes, field = 'run'): Promise<FleetRun> {
  const [row] = await manager.query<RunRow[]>(`${SELECT_RUN} AND id = $2`, [scopes, run]);
  if (row === undefined) throw problem('unknownFleetRun', { field });
  return runOf(row);
}

/** The newest first, those that were begun before another one. */
export async function listRuns(
  manager: EntityManager,
  scopes: Scopes,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<FleetRun[]> {
  const rows = await manager.query<RunRow[]>(
    `${SELECT_RUN}
       AND ($2::uuid IS NULL
            OR (created_at, id) < (SELECT last.created_at, last.id FROM ring.fleet_run AS last WHERE last.id = $2))
     ORDER BY created_at DESC, id DESC LIMIT $3`,
    [scopes, after ?? null, limit],
  );
  return rows.map(runOf);
}

// A removed Node's row stays, so that a step has its name for as long as it is kept.
const SELECT_STEP = `
  SELECT step.node_id, node.scope, node.name, step.wave, step.state, step.reason, step.offline_since, step.changed_at,
         step.seq::float8 AS seq
    FROM ring.fleet_step AS step JOIN ring.node AS node ON node.id = step.node_id
   WHERE step.run_id = $1`;

const stepOf = ({ offline_since: offlineSince, changed_at: changedAt, ...row }: StepRow): FleetStep => ({
  ...row,
  offline_since: offlineSince?.toISOString() ?? null,
  changed_at: changedAt.toISOString(),
});

/** In order of waves, then of ids: from behind the step of one Node. */
export async function listSteps(
  manager: EntityManager,
  run: string,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<FleetStep[]> {
  const rows = await manager.query<StepRow[]>(
    `${SELECT_STEP}
       AND ($2::uuid IS NULL OR (step.wave, step.node_id) >
            (SELECT last.wave, last.node_id FROM ring.fleet_step AS last WHERE last.run_id = $1 AND last.node_id = $2))
     ORDER BY step.wave, step.node_id LIMIT $3`,
    [run, after ?? null, limit],
  );
  return rows.map(stepOf);
}

/** Those that have changed since, in the order in which they did. */
export async function listChangedSteps(
  manager: EntityManager,
  run: string,
  { afterSeq, limit }: { afterSeq: number; limit: number },
): Promise<FleetStep[]> {
  const rows = await manager.query<StepRow[]>(`${SELECT_STEP} AND step.seq > $2 ORDER BY step.seq LIMIT $3`, [
    ...[run, afterSeq, limit],
  ]);
  return rows.map(stepOf);
}
