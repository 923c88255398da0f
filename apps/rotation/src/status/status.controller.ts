import { Controller, UseGuards } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { validated } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { subjects } from '@plexsphere/wire';
import { Status, type StatusReply } from '@plexsphere/wire/commands';
import { Asking, KeepsToScopes, Needs, OperatorGuard, visibleScopes } from '../operators/operator.guard';
import { RotationConfig, requireAccepted } from '../rotation-config';
import { StatusReader } from './status-reader';

/** How far each ring's signers and Nodes have come. */
@Controller()
@UseGuards(OperatorGuard)
export class StatusController {
  constructor(
    private readonly reader: StatusReader,
    private readonly config: RotationConfig,
  ) {}

  @Needs('viewer')
  @KeepsToScopes()
  @MessagePattern(subjects.command('*', 'signing.status'))
  status(@Payload(validated(Status)) request: Status, @Asking() operator: OperatorEntity): Promise<StatusReply> {
    const scope = request.scope ?? undefined;
    if (scope !== undefined) requireAccepted(scope, this.config);
    return this.reader.status(scope, visibleScopes(scope, operator), operator);
  }
}
