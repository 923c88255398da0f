import { Controller, UseGuards } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { validated } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { subjects } from '@plexsphere/wire';
import {
  History,
  Nothing,
  PlanClose,
  PlanRotate,
  Show,
  Status,
  type HistoryReply,
  type ListReply,
  type PlanCloseReply,
  type PlanRotateReply,
  type ShowReply,
  type StatusReply,
} from '@plexsphere/wire/commands';
import { Asking, KeepsToScopes, Needs, OperatorGuard } from '../operators/operator.guard';
import { requireAccepted } from '../rings/scope-profile';
import { RotationConfig } from '../rotation-config';
import { InventoryReader } from '../nodes/node-reader';
import { PlanClosing } from './plan-closing';
import { PlanRotation } from './plan-rotation';
import { StatusReader } from '../status/status-reader';
import { TransitionReader } from './rotation-history';
import { visibleScopes } from '../sight/visible-scopes';

/** What an operator can see of key rings and rotations. Nothing here changes anything. */
@Controller()
@UseGuards(OperatorGuard)
export class SigningSightController {
  constructor(
    private readonly statusReader: StatusReader,
    private readonly transitions: TransitionReader,
    private readonly inventory: InventoryReader,
    private readonly rotation: PlanRotation,
    private readonly closing: PlanClosing,
    private readonly config: RotationConfig,
  ) {}

  @Needs('viewer')
  @KeepsToScopes()
  @MessagePattern(subjects.command('*', 'signing.status'))
  status(@Payload(validated(Status)) request: Status, @Asking() operator: OperatorEntity): Promise<StatusReply> {
    const scope = request.scope ?? undefined;
    if (scope !== undefined) requireAccepted(scope, this.config);
    return this.statusReader.status(scope, visibleScopes(scope, operator), operator);
  }

  @Needs('viewer')
  @KeepsToScopes()
  @MessagePattern(subjects.command('*', 'signing.list'))
  list(@Payload(validated(Nothing)) _: Nothing, @Asking() operator: OperatorEntity): Promise<ListReply> {
    return this.inventory.rings(operator.scopes);
  }

  @Needs('viewer')
  @MessagePattern(subjects.command('*', 'signing.history'))
  history(@Payload(validated(History)) request: History): Promise<HistoryReply> {
    requireAccepted(request.scope, this.config);
    return this.transitions.history(request);
  }

  @Needs('viewer')
  @KeepsToScopes()
  @MessagePattern(subjects.command('*', 'signing.show'))
  show(@Payload(validated(Show)) request: Show, @Asking() operator: OperatorEntity): Promise<ShowReply> {
    return this.transitions.show(request, operator.scopes);
  }

  @Needs('viewer')
  @MessagePattern(subjects.command('*', 'signing.plan-rotate'))
  planRotate(
    @Payload(validated(PlanRotate)) request: PlanRotate,
    @Asking() operator: OperatorEntity,
  ): Promise<PlanRotateReply> {
    requireAccepted(request.scope, this.config);
    return this.rotation.plan(request, operator);
  }

  @Needs('viewer')
  @MessagePattern(subjects.command('*', 'signing.plan-close'))
  planClose(
    @Payload(validated(PlanClose)) request: PlanClose,
    @Asking() operator: OperatorEntity,
  ): Promise<PlanCloseReply> {
    requireAccepted(request.scope, this.config);
    return this.closing.plan(request, operator);
  }
}
