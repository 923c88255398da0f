import { Problem, PROBLEMS, type Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [5_000, 900_000];

/** What the next attempt waits for, for all replicas alike, after so many failures. */
const pauseMs = (failures: number): number =>
  Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 20), LONGEST_PAUSE_MS);

/** Counts on where the same step has failed before. The text is a stable detail: what else an error says may be a secret. */
export async function recordFailure(
  manager: EntityManager,
  { scope, step, error }: { scope: Scope; step: string; error: unknown },
): Promise<void> {
  const detail = error instanceof Problem ? error.detail : PROBLEMS.internal.detail;
  const [before] = await manager.query<{ failures: number }[]>(
    'SELECT failures FROM ring.rotator_failure WHERE scope = $1 AND step = $2',
    [scope, step],
  );
  const failures = (before?.failures ?? 0) + 1;
  await manager.query(
    `INSERT INTO ring.rotator_failure (scope, step, detail, failures, failed_at, retry_at)
     SELECT $1, $2, $3, $4, now, now + $5 * interval '1 ms' FROM (SELECT clock_timestamp() AS now) AS clock
     ON CONFLICT (scope) DO UPDATE
        SET step = excluded.step, detail = excluded.detail, failures = excluded.failures, failed_at = excluded.failed_at,
            retry_at = excluded.retry_at`,
    [scope, step, detail, failures, pauseMs(failures)],
  );
}

export const forgetFailure = (manager: EntityManager, scope: Scope): Promise<unknown> =>
  manager.query('DELETE FROM ring.rotator_failure WHERE scope = $1', [scope]);

/** Of scopes in which nothing is to be done any more. */
export const forgetFailuresBut = (manager: EntityManager, scopes: readonly Scope[]): Promise<unknown> =>
  manager.query('DELETE FROM ring.rotator_failure WHERE scope <> ALL ($1)', [scopes]);
