import { Controller } from '@nestjs/common';
import { problem, suffices } from '@plexsphere/wire';
import type {
  Close,
  CloseReply,
  History,
  HistoryReply,
  PlanClose,
  PlanCloseReply,
  PlanRotate,
  PlanRotateReply,
  Rotate,
  RotateReply,
  Show,
  ShowReply,
} from '@plexsphere/wire/commands';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { CloseRotation } from './close-rotation';
import { OpenRotation } from './open-rotation';
import { PlanClosing } from './plan-closing';
import { PlanRotation } from './plan-rotation';
import { RotationHistory } from './rotation-history';

/** Rotations: opened, closed, planned, and those that were. */
@Controller()
export class RotationController {
  constructor(
    private readonly openRotation: OpenRotation,
    private readonly closeRotation: CloseRotation,
    private readonly rotation: PlanRotation,
    private readonly closing: PlanClosing,
    private readonly rotations: RotationHistory,
  ) {}

  @Handles('signing.rotate')
  rotate(request: Rotate, { identity }: Asked): Promise<RotateReply> {
    return this.openRotation.open(request, identity);
  }

  @Handles('signing.close')
  async close(request: Close, { identity, operator }: Asked): Promise<CloseReply> {
    // To leave Nodes behind is an admin's decision.
    if (request.force === true && !suffices(operator.role, 'admin')) throw problem('permissionDenied');
    return this.closeRotation.close(request, identity);
  }

  @Handles('signing.plan-rotate')
  planRotate(request: PlanRotate, { operator }: Asked): Promise<PlanRotateReply> {
    return this.rotation.plan(request, operator);
  }

  @Handles('signing.plan-close')
  planClose(request: PlanClose, { operator }: Asked): Promise<PlanCloseReply> {
    return this.closing.plan(request, operator);
  }

  @Handles('signing.history')
  history(request: History): Promise<HistoryReply> {
    return this.rotations.history(request);
  }

  @Handles('signing.show')
  show(request: Show, { operator }: Asked): Promise<ShowReply> {
    return this.rotations.show(request, operator.scopes);
  }
}
