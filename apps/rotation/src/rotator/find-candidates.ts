import { SCOPE_POLICIES, nextDueAt, type RotateEvery } from '@plexsphere/keyring';
import type { Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import { nextFiring } from '../policies/cron';
import { settingOf, type Settings } from '../policies/policy-decisions';

/**
 * Scopes in which there may be something to do: a few columns of each ring, so that a turn reads whole rings and Nodes
 * where it is worth it alone. What stands in rings comes by SQL; what the schedule says is reckoned here.
 */
export async function findCandidates(manager: EntityManager, now: Date, config: Settings): Promise<Scope[]> {
  const ended = [...(await listEnded(manager, now)), ...(await listWithoutStandby(manager, config))];
  const scheduled = await listScheduled(manager);
  const due = scheduled.filter(({ scope, rotateEvery, since }) => {
    const dueAt = nextDueAt(scope, { rotateEvery }, since, nextFiring);
    return dueAt !== null && now >= dueAt;
  });
  return [...new Set([...ended, ...due].map(({ scope }) => scope))];
}

/** A staged key whose time is over, one that waits for its Nodes or for its proofs, and a window that is over where closing is automatic. */
const listEnded = (manager: EntityManager, now: Date): Promise<{ scope: Scope }[]> =>
  manager.query(
    `SELECT scope FROM ring.signing_key WHERE state = 'staged' AND rotate_by <= $1
     UNION SELECT scope FROM ring.promotion WHERE outcome IS NULL
     UNION SELECT scope FROM ring.transition WHERE outcome IS NULL AND activated_at IS NULL
     UNION SELECT transition.scope FROM ring.transition AS transition JOIN ring.policy AS policy USING (scope)
            WHERE transition.outcome IS NULL AND transition.closes_at <= $1
              AND coalesce(policy.own ->> 'close', policy.of_kind ->> 'close') = 'automatic'`,
    [now],
  );

/** Rings of kinds that keep one, where it is missing, or of another algorithm than is decided. */
const listWithoutStandby = (manager: EntityManager, config: Settings): Promise<{ scope: Scope }[]> =>
  manager.query(
    `SELECT ring.scope
       FROM ring.key_ring AS ring
       JOIN jsonb_to_recordset($1) AS setting (kind text, standby boolean, algorithm text)
         ON setting.kind = split_part(ring.scope, ':', 1)
       LEFT JOIN ring.policy AS policy ON policy.scope = ring.scope
       LEFT JOIN ring.signing_key AS staged ON staged.scope = ring.scope AND staged.state = 'staged'
      WHERE ring.removed_at IS NULL
        AND coalesce((own -> 'standby')::boolean, (of_kind -> 'standby')::boolean, setting.standby)
        AND staged.algorithm IS DISTINCT FROM coalesce(own ->> 'algorithm', of_kind ->> 'algorithm', setting.algorithm)`,
    [JSON.stringify(settingsWithStandby(config))],
  );

/** A kind whose keys sign at once has none, whatever is decided. */
const settingsWithStandby = (config: Settings): { kind: string; standby: boolean; algorithm: string }[] =>
  Object.entries(SCOPE_POLICIES)
    .filter(([, { newKey }]) => newKey === 'is_staged_first')
    .map(([kind, policy]) => {
      const { standby, algorithm } = settingOf(policy, config);
      return { kind, standby, algorithm };
    });

export interface Scheduled {
  scope: Scope;
  rotateEvery: RotateEvery;
  /** When the schedule was last acted on, a rotation was opened, or the schedule was decided: the latest of them. */
  since: Date;
}

/**
 * The rings that have a schedule; some, or all of them. A scope that decides `never` has none, whatever its kind has. Of
 * what a ring has been through, the last row alone is read: this is asked every turn.
 */
export const listScheduled = (manager: EntityManager, scopes: readonly Scope[] | null = null): Promise<Scheduled[]> =>
  manager.query(
    `SELECT scope, every AS "rotateEvery",
            greatest(since, (SELECT acted_at FROM ring.schedule
                              WHERE schedule.scope = decided.scope ORDER BY due_at DESC LIMIT 1),
                     (SELECT opened_at FROM ring.transition
                       WHERE transition.scope = decided.scope ORDER BY opened_epoch DESC LIMIT 1)) AS since
       FROM (SELECT policy.scope, policy.scheduled_since AS since,
                    CASE WHEN own ? 'rotateEvery' THEN own -> 'rotateEvery' ELSE of_kind -> 'rotateEvery' END AS every
               FROM ring.policy AS policy JOIN ring.key_ring AS ring USING (scope)
              WHERE ring.removed_at IS NULL AND ($1::text[] IS NULL OR policy.scope = ANY ($1))) AS decided
      WHERE every <> 'null' AND since IS NOT NULL`,
    [scopes],
  );
