import { Controller, UseGuards } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { validated } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { domainScope, subjects } from '@plexsphere/wire';
import { CreateDomain as Request, type CreateDomainReply } from '@plexsphere/wire/commands';
import { identify } from '../operators/request-identity';
import { Asking, Needs, OperatorGuard } from '../operators/operator.guard';
import { requireAccepted } from '../rings/scope-profile';
import { RotationConfig } from '../rotation-config';
import { CreateDomain } from './create-domain';

@Controller()
@UseGuards(OperatorGuard)
export class DomainController {
  constructor(
    private readonly createDomain: CreateDomain,
    private readonly config: RotationConfig,
  ) {}

  @Needs('operator')
  @MessagePattern(subjects.command('*', 'domain.create'))
  create(
    @Payload(validated(Request)) request: Request,
    @Asking() operator: OperatorEntity,
  ): Promise<CreateDomainReply> {
    requireAccepted(domainScope(request.id), this.config);
    return this.createDomain.create(request, identify('domain.create', request, operator));
  }
}
