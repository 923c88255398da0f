import { SCOPE_POLICIES, nextDueAt, type RotateEvery } from '@plexsphere/keyring';
import { askPrepared, prepared } from '@plexsphere/store';
import type { Scope } from '@plexsphere/wire';
import type { DataSource, EntityManager } from 'typeorm';
import { nextFiring } from '../policies/cron';
import { settingOf, type Settings } from '../policies/policy-decisions';

/** What a turn sees, by the time of the database at which it does. */
export interface Look {
  /** Scopes in which there may be something to do. */
  candidates: Scope[];
  /** Where something has failed; and whether that is left alone for now. */
  failed: { scope: Scope; waits: boolean }[];
}

interface Found extends Pick<Look, 'failed'> {
  now: Date;
  ended: Scope[];
  scheduled: (Pick<Scheduled, 'scope' | 'rotateEvery'> & { since: string })[];
}

/** A staged key whose time is over, one that waits for its Nodes or for its proofs, and a window that is over where closing is automatic. */
const ENDED = `
  SELECT scope FROM ring.signing_key WHERE state = 'staged' AND rotate_by <= statement_timestamp()
   UNION SELECT scope FROM ring.promotion WHERE outcome IS NULL
   UNION SELECT scope FROM ring.transition WHERE outcome IS NULL AND activated_at IS NULL
   UNION SELECT transition.scope FROM ring.transition AS transition JOIN ring.policy AS policy USING (scope)
          WHERE transition.outcome IS NULL AND transition.closes_at <= statement_timestamp()
            AND coalesce(policy.own ->> 'close', policy.of_kind ->> 'close') = 'automatic'`;

/** Rings of kinds that keep one, where it is missing, or of another algorithm than is decided. */
const WITHOUT_STANDBY = `
  SELECT ring.scope
    FROM ring.key_ring AS ring
    JOIN jsonb_to_recordset($1::jsonb) AS setting (kind text, standby boolean, algorithm text)
      ON setting.kind = split_part(ring.scope, ':', 1)
    LEFT JOIN ring.policy AS policy ON policy.scope = ring.scope
    LEFT JOIN ring.signing_key AS staged ON staged.scope = ring.scope AND staged.state = 'staged'
   WHERE ring.removed_at IS NULL
     AND coalesce((own -> 'standby')::boolean, (of_kind -> 'standby')::boolean, setting.standby)
     AND staged.algorithm IS DISTINCT FROM coalesce(own ->> 'algorithm', of_kind ->> 'algorithm', setting.algorithm)`;

/** Of what a ring has been through, the last row alone is read: this is asked every turn. */
const scheduledWhere = (condition: string): string => `
  SELECT scope, every AS "rotateEvery",
         greatest(since, (SELECT acted_at FROM ring.schedule
                           WHERE schedule.scope = decided.scope ORDER BY due_at DESC LIMIT 1),
                  (SELECT opened_at FROM ring.transition
                    WHERE transition.scope = decided.scope ORDER BY opened_epoch DESC LIMIT 1)) AS since
    FROM (SELECT policy.scope, policy.scheduled_since AS since,
                 CASE WHEN own ? 'rotateEvery' THEN own -> 'rotateEvery' ELSE of_kind -> 'rotateEvery' END AS every
            FROM ring.policy AS policy JOIN ring.key_ring AS ring USING (scope)
           WHERE ring.removed_at IS NULL AND ${condition}) AS decided
   WHERE every <> 'null' AND since IS NOT NULL`;

/** A few columns of each ring, in one statement, so that a turn reads whole rings and Nodes where it is worth it alone. */
const LOOK = prepared(`
  SELECT date_trunc('milliseconds', statement_timestamp()) AS now,
         ARRAY(${ENDED} UNION ${WITHOUT_STANDBY}) AS ended,
         (SELECT coalesce(jsonb_agg(s), '[]') FROM (${scheduledWhere('true')}) AS s) AS scheduled,
         (SELECT coalesce(jsonb_agg(jsonb_build_object('scope', scope, 'waits', retry_at > statement_timestamp())), '[]')
            FROM ring.rotator_failure) AS failed`);

/** What the statement of a turn is asked with. */
export const lookFor = (config: Settings): { text: string; values: unknown[]; name: string } => ({
  ...LOOK,
  values: [JSON.stringify(settingsWithStandby(config))],
});

/** What stands in rings comes by SQL; what the schedule says is reckoned here. */
export async function findCandidates(database: DataSource, config: Settings): Promise<Look> {
  const { values, ...look } = lookFor(config);
  const [found] = await askPrepared<Found>(database, look, values);
  if (found === undefined) return { candidates: [], failed: [] };
  const { now, ended, scheduled, failed } = found;
  const due = scheduled.filter(({ scope, rotateEvery, since }) => {
    const dueAt = nextDueAt(scope, { rotateEvery }, new Date(since), nextFiring);
    return dueAt !== null && now >= dueAt;
  });
  return { candidates: [...new Set([...ended, ...due.map(({ scope }) => scope)])], failed };
}

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

/** The rings that have a schedule; some, or all of them. A scope that decides `never` has none, whatever its kind has. */
export const listScheduled = (manager: EntityManager, scopes: readonly Scope[] | null = null): Promise<Scheduled[]> =>
  manager.query(scheduledWhere('($1::text[] IS NULL OR policy.scope = ANY ($1))'), [scopes]);
