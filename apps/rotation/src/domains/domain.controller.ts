import { Controller } from '@nestjs/common';
import { domainScope } from '@plexsphere/wire';
import type { CreateDomain, CreateDomainReply, DomainListReply, Nothing } from '@plexsphere/wire/commands';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { CreateRing } from '../rings/create-ring';
import { RingReader } from '../rings/ring-reader';

@Controller()
export class DomainController {
  constructor(
    private readonly createRing: CreateRing,
    private readonly rings: RingReader,
  ) {}

  @Handles('domain.create')
  async create({ id, key_id }: CreateDomain, { identity }: Asked): Promise<CreateDomainReply> {
    const refusal = { name: 'domainExists', field: 'id' } as const;
    const { scope, epoch } = await this.createRing.create({ scope: domainScope(id), keyId: key_id, refusal }, identity);
    return { scope, key_id, epoch };
  }

  @Handles('domain.list')
  list(_: Nothing, { operator }: Asked): Promise<DomainListReply> {
    return this.rings.domains(operator.scopes);
  }
}
