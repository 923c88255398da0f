import { Controller } from '@nestjs/common';
import type {
  CreateDomain as CreateRequest,
  CreateDomainReply,
  DomainListReply,
  Nothing,
} from '@plexsphere/wire/commands';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { RingReader } from '../rings/ring-reader';
import { CreateDomain } from './create-domain';

@Controller()
export class DomainController {
  constructor(
    private readonly createDomain: CreateDomain,
    private readonly rings: RingReader,
  ) {}

  @Handles('domain.create')
  create(request: CreateRequest, { identity }: Asked): Promise<CreateDomainReply> {
    return this.createDomain.create(request, identity);
  }

  @Handles('domain.list')
  list(_: Nothing, { operator }: Asked): Promise<DomainListReply> {
    return this.rings.domains(operator.scopes);
  }
}
