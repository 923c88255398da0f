import { Controller, UseGuards } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { validated } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { domainScope, subjects } from '@plexsphere/wire';
import {
  CreateDomain as Request,
  Nothing,
  type CreateDomainReply,
  type DomainListReply,
} from '@plexsphere/wire/commands';
import { Asking, KeepsToScopes, Needs, OperatorGuard } from '../operators/operator.guard';
import { identify } from '../operators/request-identity';
import { RingReader } from '../rings/ring-reader';
import { RotationConfig, requireAccepted } from '../rotation-config';
import { CreateDomain } from './create-domain';

@Controller()
@UseGuards(OperatorGuard)
export class DomainController {
  constructor(
    private readonly createDomain: CreateDomain,
    private readonly rings: RingReader,
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

  @Needs('viewer')
  @KeepsToScopes()
  @MessagePattern(subjects.command('*', 'domain.list'))
  list(@Payload(validated(Nothing)) _: Nothing, @Asking() operator: OperatorEntity): Promise<DomainListReply> {
    return this.rings.domains(operator.scopes);
  }
}
