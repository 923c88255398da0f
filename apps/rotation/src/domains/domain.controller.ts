import { Controller } from '@nestjs/common';
import { domainScope } from '@plexsphere/wire';
import type {
  CreateDomain,
  CreateDomainReply,
  DomainListReply,
  Nothing,
  PlanRemoveDomain,
  PlanRemoveDomainReply,
  RemoveDomain as RemoveRequest,
  RemoveDomainReply,
} from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { CreateRing } from '../rings/create-ring';
import { listCountedRings } from '../rings/list-rings';
import { domainSummary } from '../rings/ring-view';
import { readSnapshot } from '../transactions/database-clock';
import { PlanRemoval } from './plan-removal';
import { RemoveDomain } from './remove-domain';

@Controller()
export class DomainController {
  constructor(
    private readonly database: DataSource,
    private readonly createRing: CreateRing,
    private readonly removeDomain: RemoveDomain,
    private readonly removal: PlanRemoval,
  ) {}

  @Handles('domain.create')
  async create({ id, key_id }: CreateDomain, { identity }: Asked): Promise<CreateDomainReply> {
    const refusal = { name: 'domainExists', field: 'id' } as const;
    const { scope, epoch } = await this.createRing.create({ scope: domainScope(id), keyId: key_id, refusal }, identity);
    return { scope, key_id, epoch };
  }

  @Handles('domain.remove')
  remove({ id }: RemoveRequest, { identity }: Asked): Promise<RemoveDomainReply> {
    return this.removeDomain.remove(domainScope(id), identity);
  }

  @Handles('domain.plan-remove')
  planRemove({ id }: PlanRemoveDomain, { operator }: Asked): Promise<PlanRemoveDomainReply> {
    return this.removal.plan(domainScope(id), operator);
  }

  @Handles('domain.list')
  list(_: Nothing, { operator }: Asked): Promise<DomainListReply> {
    return readSnapshot(this.database, async (manager) => ({
      domains: (await listCountedRings(manager, operator.scopes)).flatMap(domainSummary),
    }));
  }
}
