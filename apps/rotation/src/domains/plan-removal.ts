import { Injectable } from '@nestjs/common';
import { activeKey } from '@plexsphere/keyring';
import type { OperatorEntity } from '@plexsphere/store';
import { COMMANDS, PROBLEMS, suffices, type Scope } from '@plexsphere/wire';
import type { DomainUse, PlanRemoveDomainReply } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { LeaseBook } from '../leases/lease-book';
import { readRing } from '../rings/read-ring';
import { readSnapshot } from '../transactions/database-clock';
import { domainUse, refusalOfRemoval } from './domain-use';

const UNUSED: DomainUse = { nodes: [], more_nodes: false, keys: [] };

/** What removing a Domain would do and what would refuse it, out of what is stored alone. */
@Injectable()
export class PlanRemoval {
  constructor(
    private readonly database: DataSource,
    private readonly leases: LeaseBook,
  ) {}

  plan(scope: Scope, { role }: Pick<OperatorEntity, 'role'>): Promise<PlanRemoveDomainReply> {
    return readSnapshot(this.database, async (manager) => {
      const stored = await readRing(manager, scope);
      const refusal = stored === undefined ? PROBLEMS.unknownScope : await refusalOfRemoval(manager, stored);
      const use = stored === undefined ? UNUSED : await domainUse(manager, stored);
      const mayNot = suffices(role, COMMANDS['domain.remove'].role) ? [] : [PROBLEMS.permissionDenied.detail];
      return {
        scope,
        key_id: stored === undefined ? null : activeKey(stored.ring).keyId,
        holders: stored === undefined ? [] : await this.leases.holdersAt(scope, stored.ring.epoch),
        ...use,
        blocked_by: [...mayNot, ...(refusal === undefined ? [] : [refusal.detail])],
      };
    });
  }
}
