import { Controller, UseGuards } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { validated } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { problem, subjects } from '@plexsphere/wire';
import {
  Close,
  History,
  PlanClose,
  PlanRotate,
  Rotate,
  Show,
  type CloseReply,
  type HistoryReply,
  type PlanCloseReply,
  type PlanRotateReply,
  type RotateReply,
  type ShowReply,
} from '@plexsphere/wire/commands';
import { Asking, KeepsToScopes, Needs, OperatorGuard, suffices } from '../operators/operator.guard';
import { identify } from '../operators/request-identity';
import { RotationConfig, requireAccepted } from '../rotation-config';
import { CloseRotation } from './close-rotation';
import { OpenRotation } from './open-rotation';
import { PlanClosing } from './plan-closing';
import { PlanRotation } from './plan-rotation';
import { RotationHistory } from './rotation-history';

/** Rotations: opened, closed, planned, and those that were. */
@Controller()
@UseGuards(OperatorGuard)
export class RotationController {
  constructor(
    private readonly openRotation: OpenRotation,
    private readonly closeRotation: CloseRotation,
    private readonly rotation: PlanRotation,
    private readonly closing: PlanClosing,
    private readonly rotations: RotationHistory,
    private readonly config: RotationConfig,
  ) {}

  @Needs('operator')
  @MessagePattern(subjects.command('*', 'signing.rotate'))
  rotate(@Payload(validated(Rotate)) request: Rotate, @Asking() operator: OperatorEntity): Promise<RotateReply> {
    requireAccepted(request.scope, this.config);
    return this.openRotation.open(request, identify('signing.rotate', request, operator));
  }

  @Needs('operator')
  @MessagePattern(subjects.command('*', 'signing.close'))
  close(@Payload(validated(Close)) request: Close, @Asking() operator: OperatorEntity): Promise<CloseReply> {
    requireAccepted(request.scope, this.config);
    // To leave Nodes behind is an admin's decision.
    if (request.force === true && !suffices(operator.role, 'admin')) throw problem('permissionDenied');
    return this.closeRotation.close(request, identify('signing.close', request, operator));
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

  @Needs('viewer')
  @MessagePattern(subjects.command('*', 'signing.history'))
  history(@Payload(validated(History)) request: History): Promise<HistoryReply> {
    requireAccepted(request.scope, this.config);
    return this.rotations.history(request);
  }

  @Needs('viewer')
  @KeepsToScopes()
  @MessagePattern(subjects.command('*', 'signing.show'))
  show(@Payload(validated(Show)) request: Show, @Asking() operator: OperatorEntity): Promise<ShowReply> {
    return this.rotations.show(request, operator.scopes);
  }
}
