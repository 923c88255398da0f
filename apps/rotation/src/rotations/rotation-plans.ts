import { closeGate, isOpen, safeCloseAt, type RingPolicy } from '@plexsphere/keyring';
import { Injectable } from '@nestjs/common';
import type { OperatorEntity } from '@plexsphere/store';
import { PROBLEMS, type Scope } from '@plexsphere/wire';
import type { PlanCloseReply, PlanRotateReply } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { ringPolicy } from '../policies/policy-decisions';
import type { StoredRing } from '../rings/read-ring';
import { RotationConfig } from '../rotation-config';
import { domainNodesStatus, nodesStatus } from '../status/nodes-status';
import { readSnapshot } from '../transactions/database-clock';
import type { Opening } from './open-rotation';
import { blockedBy, findForPlan, told } from './plan-facts';
import { refusalsOfClose, refusalsOfRotation, type NamedKeys } from './plan-refusals';

/** What a command would do, out of what is stored alone: no signer is asked, for one that makes a key has changed something. */
@Injectable()
export class RotationPlans {
  constructor(
    private readonly database: DataSource,
    private readonly config: RotationConfig,
  ) {}

  ofRotation(
    { scope, newKeyId, force = false }: Pick<Opening, 'scope' | 'newKeyId' | 'force'>,
    { role }: Pick<OperatorEntity, 'role'>,
  ): Promise<PlanRotateReply> {
    return readSnapshot(this.database, async (manager, now) => {
      const { clockSkewMs, leaseMs } = this.config;
      const found = await findForPlan(manager, scope, { now, leaseMs });
      const { overlapWindowMs, propagationDelayMs } = this.termsOf(found.stored);
      const command = { newKeyId, openedAt: now, overlapWindowMs, clockSkewMs, propagationDelayMs, force };
      return {
        scope,
        old_key_id: found.stored?.ring.keys.find((key) => key.state === 'active')?.keyId ?? null,
        new_key_id: newKeyId,
        closes_at: new Date(now.getTime() + overlapWindowMs).toISOString(),
        ...told(found.progress),
        ...(found.others === null ? {} : { domain_nodes: told(found.others) }),
        signers: found.signers,
        blocked_by: [
          ...blockedBy(found, { role }, (stored) => refusalsOfRotation(stored, command)),
          ...(found.stored === undefined || found.isSigned ? [] : [PROBLEMS.noSigner.detail]),
        ],
      };
    });
  }

  /** As the ring's policy has it; a scope without a ring has none. */
  private termsOf(stored: StoredRing | undefined): Pick<RingPolicy, 'overlapWindowMs' | 'propagationDelayMs'> {
    const { overlapWindowMs, verifierCacheMs: propagationDelayMs } = this.config;
    return stored === undefined ? { overlapWindowMs, propagationDelayMs } : ringPolicy(stored, this.config);
  }

  /** Without force, and when it could first be. What of the rotation's keys is not named is taken as the open one has it. */
  ofClosing(
    scope: Scope,
    named: NamedKeys,
    { role, scopes }: Pick<OperatorEntity, 'role' | 'scopes'>,
  ): Promise<PlanCloseReply> {
    return readSnapshot(this.database, async (manager, now) => {
      const found = await findForPlan(manager, scope, { now, leaseMs: this.config.leaseMs });
      const { stored, progress, others } = found;
      const open = stored !== undefined && isOpen(stored.transition) ? stored.transition : null;
      const gate = stored && open && closeGate(progress, open, now, false, stored.policy);
      return {
        scope,
        old_key_id: open?.oldKeyId ?? null,
        new_key_id: open?.newKeyId ?? null,
        closes_at: open?.closesAt.toISOString() ?? null,
        earliest_close_at: (gate?.allowed === false ? open?.closesAt : open && now)?.toISOString() ?? null,
        safe_close_at: (stored && open && safeCloseAt(open, this.config, stored.policy))?.toISOString() ?? null,
        nodes: nodesStatus(progress, now),
        ...(others === null ? {} : { domain_nodes: domainNodesStatus(others, now, scopes) }),
        blocked_by: [
          ...blockedBy(found, { role }, (ring) => refusalsOfClose(ring, named)),
          ...(gate?.allowed === false ? [PROBLEMS.nodesLagging.detail] : []),
        ],
      };
    });
  }
}
