import { closeGate, isOpen, progressOf, safeCloseAt } from '@plexsphere/keyring';
import { Injectable } from '@nestjs/common';
import type { OperatorEntity } from '@plexsphere/store';
import { PROBLEMS, suffices, type Scope } from '@plexsphere/wire';
import type { PlanCloseReply } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { hasLaterStatement } from '../leases/later-statements';
import { RotationConfig } from '../rotation-config';
import { readDomainNodeFacts, readNodeFacts } from '../nodes/node-facts';
import { policyOf, readRing, type StoredRing } from '../rings/read-ring';
import { readSnapshot } from '../transactions/database-clock';
import { domainNodesStatus, nodesStatus } from '../status/nodes-status';
import { refusalsOfClose, type NamedKeys } from './plan-refusals';

/** What a close without force would do, and when it could first be. */
@Injectable()
export class PlanClosing {
  constructor(
    private readonly database: DataSource,
    private readonly config: RotationConfig,
  ) {}

  /** What of the rotation's keys is not named is taken as the open one has it. */
  plan(
    scope: Scope,
    named: NamedKeys,
    { role, scopes }: Pick<OperatorEntity, 'role' | 'scopes'>,
  ): Promise<PlanCloseReply> {
    return readSnapshot(this.database, async (manager, now) => {
      const stored = await readRing(manager, scope);
      const facts = await readNodeFacts(manager, scope);
      const isStopped = await hasLaterStatement(manager, scope);
      const trustEpoch = stored?.ring.trustEpoch ?? 0;
      const progress = progressOf(facts, trustEpoch, now);
      const others = stored?.policy.tells.otherNodes
        ? progressOf(await readDomainNodeFacts(manager), trustEpoch, now)
        : null;
      const latest = stored?.transition ?? null;
      const open = isOpen(latest) ? latest : null;
      const gate = open === null ? null : closeGate(progress, open, now, false, policyOf(scope));
      return {
        scope,
        old_key_id: open?.oldKeyId ?? null,
        new_key_id: open?.newKeyId ?? null,
        closes_at: open?.closesAt.toISOString() ?? null,
        earliest_close_at: (gate?.allowed === false ? open?.closesAt : open && now)?.toISOString() ?? null,
        safe_close_at: (open && latest && safeCloseAt(latest, this.config, policyOf(scope)))?.toISOString() ?? null,
        nodes: nodesStatus(progress, now),
        ...(others === null ? {} : { domain_nodes: domainNodesStatus(others, now, scopes) }),
        blocked_by: [
          ...(suffices(role, 'operator') ? [] : [PROBLEMS.permissionDenied.detail]),
          ...(stored === undefined ? [PROBLEMS.unknownScope.detail] : blockedBy(stored, named, isStopped)),
          ...(gate?.allowed === false ? [PROBLEMS.nodesLagging.detail] : []),
        ],
      };
    });
  }
}

/** What the command would refuse before its gate, in its own order. */
const blockedBy = (stored: StoredRing, named: NamedKeys, isStopped: boolean): string[] => [
  ...refusalsOfClose(stored, named),
  ...(isStopped ? [PROBLEMS.epochWentBack.detail] : []),
];
