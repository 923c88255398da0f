import { Controller, UseGuards } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { validated } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { subjects } from '@plexsphere/wire';
import { Nothing, OfScope, type JwksReply, type ListReply, type RingReply } from '@plexsphere/wire/commands';
import { jwks } from '@plexsphere/wire/jws';
import { Asking, KeepsToScopes, Needs, OperatorGuard } from '../operators/operator.guard';
import { RingReader } from './ring-reader';

/** Key rings as they are. */
@Controller()
@UseGuards(OperatorGuard)
export class RingController {
  constructor(private readonly rings: RingReader) {}

  @Needs('viewer')
  @KeepsToScopes()
  @MessagePattern(subjects.command('*', 'signing.list'))
  list(@Payload(validated(Nothing)) _: Nothing, @Asking() operator: OperatorEntity): Promise<ListReply> {
    return this.rings.list(operator.scopes);
  }

  @Needs('viewer')
  @MessagePattern(subjects.command('*', 'signing.jwks'))
  async jwks(@Payload(validated(OfScope)) { scope }: OfScope): Promise<JwksReply> {
    return jwks((await this.rings.view(scope)).keys);
  }

  @Needs('viewer')
  @MessagePattern(subjects.command('*', 'signing.ring'))
  ring(@Payload(validated(OfScope)) { scope }: OfScope): Promise<RingReply> {
    return this.rings.view(scope);
  }
}
