import { progressOf, type Progress } from '@plexsphere/keyring';
import { Injectable } from '@nestjs/common';
import { LeaseEntity, type OperatorEntity } from '@plexsphere/store';
import { PROBLEMS, suffices } from '@plexsphere/wire';
import type { PlanRotateReply } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { hasLaterStatement } from '../leases/later-statements';
import { RotationConfig } from '../rotation-config';
import { readDomainNodeFacts, readNodeFacts } from '../nodes/node-facts';
import { readRing, type StoredRing } from '../rings/read-ring';
import { readSnapshot } from '../transactions/database-clock';
import type { Opening } from './open-rotation';
import { refusalsOfRotation } from './plan-refusals';
import { isLive, serves, signerStatus } from '../status/signer-status';

/** What a rotate would do, out of what is stored alone: no signer is asked, for one that makes a key has changed something. */
@Injectable()
export class PlanRotation {
  constructor(
    private readonly database: DataSource,
    private readonly config: RotationConfig,
  ) {}

  plan(
    { scope, newKeyId }: Pick<Opening, 'scope' | 'newKeyId'>,
    { role }: Pick<OperatorEntity, 'role'>,
  ): Promise<PlanRotateReply> {
    return readSnapshot(this.database, async (manager, now) => {
      const stored = await readRing(manager, scope);
      const facts = await readNodeFacts(manager, scope);
      const leases = await manager.find(LeaseEntity, { order: { holder: 'ASC' } });
      const isStopped = await hasLaterStatement(manager, scope);
      const progress = progressOf(facts, stored?.ring.trustEpoch ?? 0, now);
      const others = stored?.policy.tells.otherNodes ? progressOf(await readDomainNodeFacts(manager), 0, now) : null;
      const terms = { now, leaseMs: this.config.leaseMs };
      const signers = leases.filter((lease) => lease.kind === 'signer' && isLive(lease, terms) && serves(lease));
      return {
        scope,
        old_key_id: stored?.ring.keys.find((key) => key.state === 'active')?.keyId ?? null,
        new_key_id: newKeyId,
        closes_at: new Date(now.getTime() + this.config.overlapWindowMs).toISOString(),
        ...told(progress),
        ...(others === null ? {} : { domain_nodes: told(others) }),
        signers: signers.map((lease) => lease.holder),
        blocked_by: [
          ...(suffices(role, 'operator') ? [] : [PROBLEMS.permissionDenied.detail]),
          ...(stored === undefined
            ? [PROBLEMS.unknownScope.detail]
            : this.blockedBy(stored, newKeyId, leases, now, isStopped)),
        ],
      };
    });
  }

  /** What the command would refuse, in its own order. */
  private blockedBy(
    stored: StoredRing,
    newKeyId: string,
    leases: LeaseEntity[],
    now: Date,
    isStopped: boolean,
  ): string[] {
    const { overlapWindowMs, clockSkewMs, leaseMs, verifierCacheMs: propagationDelayMs } = this.config;
    const makesKeys = leases.some(
      (lease) => lease.kind === 'signer' && signerStatus(lease, stored.ring, { now, leaseMs }).state === 'confirmed',
    );
    return [
      ...refusalsOfRotation(stored, { newKeyId, openedAt: now, overlapWindowMs, clockSkewMs, propagationDelayMs }),
      ...(isStopped ? [PROBLEMS.epochWentBack.detail] : []),
      ...(makesKeys ? [] : [PROBLEMS.noSigner.detail]),
    ];
  }
}

/** How many Nodes would be told, and how many of them would not hear of it at once. */
const told = (progress: Progress) => ({
  nodes: progress.enrolled,
  pending_count: progress.pending.length,
  offline_count: progress.offline.length,
});
