import { closeGate, isOpen, progressOf, safeCloseAt, type Progress } from '@plexsphere/keyring';
import { Injectable } from '@nestjs/common';
import { LeaseEntity, type OperatorEntity } from '@plexsphere/store';
import { PROBLEMS, suffices, type Role, type Scope } from '@plexsphere/wire';
import type { PlanCloseReply, PlanRotateReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { hasLaterStatement } from '../leases/later-statements';
import { readDomainNodeFacts, readNodeFacts } from '../nodes/node-facts';
import { readRing, type StoredRing } from '../rings/read-ring';
import { RotationConfig } from '../rotation-config';
import { domainNodesStatus, nodesStatus } from '../status/nodes-status';
import { isLive, serves, signerStatus } from '../status/signer-status';
import { readSnapshot } from '../transactions/database-clock';
import type { Opening } from './open-rotation';
import { refusalsOfClose, refusalsOfRotation, type NamedKeys } from './plan-refusals';

/** What a command would do, out of what is stored alone: no signer is asked, for one that makes a key has changed something. */
@Injectable()
export class RotationPlans {
  constructor(
    private readonly database: DataSource,
    private readonly config: RotationConfig,
  ) {}

  ofRotation(
    { scope, newKeyId }: Pick<Opening, 'scope' | 'newKeyId'>,
    { role }: Pick<OperatorEntity, 'role'>,
  ): Promise<PlanRotateReply> {
    return readSnapshot(this.database, async (manager, now) => {
      const found = await find(manager, scope, now);
      const leases = await manager.find(LeaseEntity, { where: { kind: 'signer' }, order: { holder: 'ASC' } });
      const { overlapWindowMs, clockSkewMs, leaseMs, verifierCacheMs: propagationDelayMs } = this.config;
      const terms = { now, leaseMs };
      const makesKeys = ({ ring }: StoredRing): boolean =>
        leases.some((lease) => signerStatus(lease, ring, terms).state === 'confirmed');
      return {
        scope,
        old_key_id: found.stored?.ring.keys.find((key) => key.state === 'active')?.keyId ?? null,
        new_key_id: newKeyId,
        closes_at: new Date(now.getTime() + overlapWindowMs).toISOString(),
        ...told(found.progress),
        ...(found.others === null ? {} : { domain_nodes: told(found.others) }),
        signers: leases.filter((lease) => isLive(lease, terms) && serves(lease)).map((lease) => lease.holder),
        blocked_by: [
          ...blockedBy(found, role, (stored) =>
            refusalsOfRotation(stored, { newKeyId, openedAt: now, overlapWindowMs, clockSkewMs, propagationDelayMs }),
          ),
          ...(found.stored === undefined || makesKeys(found.stored) ? [] : [PROBLEMS.noSigner.detail]),
        ],
      };
    });
  }

  /** Without force, and when it could first be. What of the rotation's keys is not named is taken as the open one has it. */
  ofClosing(
    scope: Scope,
    named: NamedKeys,
    { role, scopes }: Pick<OperatorEntity, 'role' | 'scopes'>,
  ): Promise<PlanCloseReply> {
    return readSnapshot(this.database, async (manager, now) => {
      const found = await find(manager, scope, now);
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
          ...blockedBy(found, role, (ring) => refusalsOfClose(ring, named)),
          ...(gate?.allowed === false ? [PROBLEMS.nodesLagging.detail] : []),
        ],
      };
    });
  }
}

interface Found {
  stored: StoredRing | undefined;
  /** By the proof of a later epoch. */
  isStopped: boolean;
  progress: Progress;
  /** The Domains' Nodes, where the ring is told to them. */
  others: Progress | null;
}

async function find(manager: EntityManager, scope: Scope, now: Date): Promise<Found> {
  const stored = await readRing(manager, scope);
  const trustEpoch = stored?.ring.trustEpoch ?? 0;
  return {
    stored,
    isStopped: await hasLaterStatement(manager, scope),
    progress: progressOf(await readNodeFacts(manager, scope), trustEpoch, now),
    others: stored?.policy.tells.otherNodes ? progressOf(await readDomainNodeFacts(manager), trustEpoch, now) : null,
  };
}

/** The stable details of what the command would refuse before it asks signers or Nodes, in its own order. */
function blockedBy(
  { stored, isStopped }: Found,
  role: Role,
  refusals: (stored: StoredRing) => readonly string[],
): string[] {
  return [
    ...(suffices(role, 'operator') ? [] : [PROBLEMS.permissionDenied.detail]),
    ...(stored === undefined ? [PROBLEMS.unknownScope.detail] : refusals(stored)),
    ...(stored !== undefined && isStopped ? [PROBLEMS.epochWentBack.detail] : []),
  ];
}

/** How many Nodes would be told, and how many of them would not hear of it at once. */
const told = ({ enrolled, pending, offline }: Progress) => ({
  nodes: enrolled,
  pending_count: pending.length,
  offline_count: offline.length,
});
