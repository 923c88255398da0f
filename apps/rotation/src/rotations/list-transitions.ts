import type { TransitionEntity } from '@plexsphere/store';
import type { ShowReply, TransitionSummary } from '@plexsphere/wire/commands';
import { channelDirection } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import type { Scopes } from '../rings/list-rings';
import { rotationView } from '../rings/ring-view';

interface TransitionRow extends Omit<TransitionEntity, 'actor' | 'endedBy' | 'openedEpoch' | 'endedEpoch'> {
  openedBy: string;
  endedBy: string | null;
  /** Commands of its life that an admin insisted on. */
  forced: string[];
  /** Why it was rolled back, or a key of it revoked. */
  endReason: string | null;
  /** When no lease of an epoch before its end could be alive any more. */
  endSwitchedAt: Date | null;
  /** When their private halves were destroyed: by a close the old one's, after a rollback the new one's. */
  oldKeyDestroyedAt: Date | null;
  newKeyDestroyedAt: Date | null;
}

interface AuditRow {
  happenedAt: Date;
  actor: string;
  action: string;
  detail: unknown;
}

// An operator's id says nothing to a person; one that is not in the table is better than nothing.
const SELECT_TRANSITION = `
  SELECT transition.id, transition.scope, old_key_id AS "oldKeyId", new_key_id AS "newKeyId", opened_at AS "openedAt",
         activated_at AS "activatedAt", closes_at AS "closesAt", reason, outcome, ended_at AS "endedAt", request_id AS "requestId",
         end_request_id AS "endRequestId", opening.switched_at AS "switchedAt", ending.switched_at AS "endSwitchedAt",
         old.destroyed_at AS "oldKeyDestroyedAt", new.destroyed_at AS "newKeyDestroyedAt",
         coalesce(opener.name, transition.actor) AS "openedBy", coalesce(ender.name, transition.ended_by) AS "endedBy",
         ARRAY(SELECT audit.action FROM ring.audit AS audit
                WHERE audit.request_id IN (transition.request_id, transition.end_request_id)
                  AND audit.scope = transition.scope AND audit.detail ->> 'forced' = 'true'
                ORDER BY audit.happened_at, audit.id) AS forced,
         (SELECT audit.detail ->> 'reason' FROM ring.audit AS audit
           WHERE audit.request_id = transition.end_request_id AND audit.scope = transition.scope
           ORDER BY audit.id LIMIT 1) AS "endReason"
    FROM ring.transition AS transition
    LEFT JOIN ring.ring_change AS opening ON opening.scope = transition.scope AND opening.epoch = opened_epoch
    LEFT JOIN ring.ring_change AS ending ON ending.scope = transition.scope AND ending.epoch = ended_epoch
    LEFT JOIN ring.signing_key AS old ON old.scope = transition.scope AND old.key_id = old_key_id
    LEFT JOIN ring.signing_key AS new ON new.scope = transition.scope AND new.key_id = new_key_id
    LEFT JOIN ring.operator AS opener ON opener.id::text = transition.actor
    LEFT JOIN ring.operator AS ender ON ender.id::text = transition.ended_by`;

/** The scope's newest, newest first. */
export const listTransitions = (manager: EntityManager, scope: string, limit: number): Promise<TransitionRow[]> =>
  manager.query<TransitionRow[]>(
    `${SELECT_TRANSITION} WHERE transition.scope = $1 ORDER BY transition.opened_epoch DESC LIMIT $2`,
    [scope, limit],
  );

export async function findTransition(
  manager: EntityManager,
  scopes: Scopes,
  id: string,
): Promise<TransitionRow | undefined> {
  const [row] = await manager.query<TransitionRow[]>(
    `${SELECT_TRANSITION} WHERE transition.id = $1 AND ($2::text[] IS NULL OR transition.scope = ANY ($2))`,
    [id, scopes],
  );
  return row;
}

/** What the audit log says of the requests that opened and ended it, in the order in which it happened. */
export const listAudit = (manager: EntityManager, transition: TransitionRow): Promise<AuditRow[]> =>
  manager.query<AuditRow[]>(
    `SELECT happened_at AS "happenedAt", coalesce(operator.name, audit.actor) AS actor, action, detail
       FROM ring.audit AS audit LEFT JOIN ring.operator AS operator ON operator.id::text = audit.actor
      WHERE audit.request_id = ANY ($1) AND audit.scope = $2 ORDER BY audit.id`,
    [[transition.requestId, transition.endRequestId].filter((id) => id !== null), transition.scope],
  );

export const transitionSummary = (transition: TransitionRow): TransitionSummary => ({
  id: transition.id,
  scope: transition.scope,
  ...rotationView(transition),
  outcome: transition.outcome ?? 'open',
  ...(channelDirection(transition.scope) !== undefined && { activated_at: orNull(transition.activatedAt) }),
  ended_at: orNull(transition.endedAt),
  reason: transition.reason,
  opened_by: transition.openedBy,
  ended_by: transition.endedBy,
  end_reason: transition.endReason,
  forced: transition.forced,
});

export const transitionDetail = (transition: TransitionRow, audit: readonly AuditRow[]): ShowReply => ({
  ...transitionSummary(transition),
  switched_at: orNull(transition.switchedAt),
  end_switched_at: orNull(transition.endSwitchedAt),
  old_key_destroyed_at: orNull(transition.oldKeyDestroyedAt),
  new_key_destroyed_at: orNull(transition.newKeyDestroyedAt),
  audit: audit.map(({ happenedAt, ...entry }) => ({ happened_at: happenedAt.toISOString(), ...entry })),
});

const orNull = (time: Date | null): string | null => time?.toISOString() ?? null;
