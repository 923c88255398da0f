import { activeKey, isOpen, mayActivate, namesOf, type Key, type Progress, type RingChange } from '@plexsphere/keyring';
import { Injectable } from '@nestjs/common';
import type { OperatorEntity } from '@plexsphere/store';
import { COMMANDS, Problem } from '@plexsphere/wire';
import type { PlanChange, PlanChangeReply } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { blockedBy, findForPlan, told, toldBy, type PlanFacts } from '../rotations/plan-facts';
import { RotationConfig } from '../rotation-config';
import { readSnapshot } from '../transactions/database-clock';
import type { StoredRing } from './read-ring';
import { ChangeDecisions, isProvenFirst, signsAfter, type Decision } from './change-decisions';
import { findDoneRevoke } from './done-revoke';

/** What a change would make of a ring, by the very decision that the command asks; nothing is made for it. */
@Injectable()
export class ChangePlans {
  constructor(
    private readonly database: DataSource,
    private readonly decisions: ChangeDecisions,
    private readonly config: RotationConfig,
  ) {}

  plan(request: PlanChange, { role }: Pick<OperatorEntity, 'role'>): Promise<PlanChangeReply> {
    const { scope, change, key_id: keyId } = request;
    return readSnapshot(this.database, async (manager, now) => {
      const found = await findForPlan(manager, scope, { now, leaseMs: this.config.leaseMs });
      const { stored, progress, others, signers } = found;
      const { after, refused } = attempted(stored, (ring) => this.decision(request, ring, now)(ring, now));
      const done = refused?.is('keyRevoked') ? await findDoneRevoke(manager, { scope, keyId: keyId ?? '' }) : undefined;
      const refusal = done === undefined ? refused : null;
      const { role: needed } = COMMANDS[`signing.${change}`];
      return {
        ...{ scope, change },
        active_key_id: stored === undefined ? null : activeKey(stored.ring).keyId,
        signs_afterwards: after === null ? null : signsAfter(after),
        makes_key: after?.statement?.introduces ?? false,
        gone: [...(after?.gone ?? [])],
        transition_expires: after?.statement?.transitionExpires?.toISOString() ?? null,
        ends_rotation: isOpen(stored?.transition ?? null) && !isOpen(after?.transition ?? null) && after !== null,
        needs_recovery_key: stored?.policy.superior === 'recovery_key' && after?.statement?.bySuperior === true,
        ...told(stored === undefined ? progress : toldBy(change, stored, progress, now)),
        ...(others === null ? {} : { domain_nodes: told(others) }),
        signers,
        known_by:
          (change === 'revoke' && stored && after && this.decisions.knownFrom(after, stored, now)?.toISOString()) ||
          null,
        ...(change === 'revoke' && after !== null ? this.whatFails(after, found, now) : NOTHING_FAILS),
        ...(stored && after && isProvenFirst(stored) && { without_proof: withoutProof(stored, after, now) }),
        done_at: done?.doneAt.toISOString() ?? null,
        blocked_by: blockedBy(found, { role, needed }, () => (refusal === null ? [] : [refusal.detail])),
        refused: refusal?.body ?? null,
      };
    });
  }

  /** A revoke breaks what it throws out: what that costs has an end, or is said to have none. */
  private whatFails(after: RingChange, { stored, progress, others }: PlanFacts, now: Date): FailsUntil {
    const keys = stored?.ring.keys ?? [];
    const isReplaced = keys.some(({ keyId, state }) => state === 'active' && keyId !== signsAfter(after));
    return {
      signs_again_by: isReplaced ? new Date(now.getTime() + this.config.leaseMs).toISOString() : null,
      dropped_by: lastEnd(
        keys.filter(({ keyId }) => after.gone.includes(keyId)),
        [progress, ...(others ? [others] : [])],
      ),
    };
  }

  private decision(request: PlanChange, stored: StoredRing, now: Date): Decision {
    const { change, key_id: keyId, discard_staged: discardStaged = false } = request;
    const newKeyId = request.new_key_id ?? this.decisions.drawKeyId(stored, now);
    const within = request.rotate_within_seconds;
    switch (change) {
      case 'stage':
        return this.decisions.stage({ newKeyId, rotateWithinMs: within && within * 1_000 });
      case 'unstage':
        return this.decisions.unstage(keyId);
      case 'rollback':
        return this.decisions.rollback({ oldKeyId: undefined, newKeyId: undefined, byRecoveryKey: false });
      case 'revoke':
        return this.decisions.revoke({ keyId: keyId ?? activeKey(stored.ring).keyId, newKeyId, discardStaged });
      case 'recommit':
        return this.decisions.recommit();
    }
  }
}

/** Who receives refuses what is signed by a key that they do not hold yet. */
function withoutProof({ members }: StoredRing, after: RingChange, now: Date): string[] {
  return namesOf(mayActivate(members, { keyId: signsAfter(after), propagationDelayMs: 0 }, now).waitingFor);
}

type FailsUntil = Pick<PlanChangeReply, 'signs_again_by' | 'dropped_by'>;

const NOTHING_FAILS: FailsUntil = { signs_again_by: null, dropped_by: null };

/** A Node that lags, or was never seen, may know one of these as the key that signs: that has no end by itself. */
function lastEnd(gone: readonly Key[], nodes: readonly Progress[]): string | null {
  const ends = gone.map(({ verifiesUntil }) => verifiesUntil?.getTime() ?? Infinity);
  const isKnown = nodes.every(({ lagging, pending }) => lagging.count + pending.count === 0);
  const last = Math.max(...ends);
  return isKnown && Number.isFinite(last) ? new Date(last).toISOString() : null;
}

/** What the domain refuses. */
function attempted(
  stored: StoredRing | undefined,
  decide: (stored: StoredRing) => RingChange,
): { after: RingChange | null; refused: Problem | null } {
  if (stored === undefined) return { after: null, refused: null };
  try {
    return { after: decide(stored), refused: null };
  } catch (error) {
    if (error instanceof Problem) return { after: null, refused: error };
    throw error;
  }
}
