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
  Rollback,
  RollbackReply,
  Rotate,
  RotateReply,
  Show,
  ShowReply,
} from '@plexsphere/wire/commands';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { CloseRotation } from './close-rotation';
import { OpenRotation } from './open-rotation';
import { RollbackRotation } from './rollback-rotation';
import { RotationHistory } from './rotation-history';
import { RotationPlans } from './rotation-plans';

/** Rotations: opened, closed, planned, and those that were. */
@Controller()
export class RotationController {
  constructor(
    private readonly openRotation: OpenRotation,
    private readonly closeRotation: CloseRotation,
    private readonly rollbackRotation: RollbackRotation,
    private readonly plans: RotationPlans,
    private readonly rotations: RotationHistory,
  ) {}

  @Handles('signing.rotate')
  async rotate(request: Rotate, { identity, operator }: Asked): Promise<RotateReply> {
    const { scope, new_key_id: newKeyId, reason = null, force = false } = request;
    // To have a key sign that verifiers may not hold yet is an admin's decision.
    if (force && !suffices(operator.role, 'admin')) throw problem('permissionDenied');
    return this.openRotation.open({ scope, newKeyId, reason, force }, identity);
  }

  @Handles('signing.rollback')
  rollback(request: Rollback, { identity }: Asked): Promise<RollbackReply> {
    const { scope, old_key_id: oldKeyId, new_key_id: newKeyId, reason = null, statement } = request;
    return this.rollbackRotation.rollback({ scope, oldKeyId, newKeyId, reason, statement }, identity);
  }

  @Handles('signing.close')
  async close(request: Close, { identity, operator }: Asked): Promise<CloseReply> {
    const { scope, old_key_id: oldKeyId, new_key_id: newKeyId, force = false } = request;
    // To leave Nodes behind is an admin's decision.
    if (force && !suffices(operator.role, 'admin')) throw problem('permissionDenied');
    return this.closeRotation.close({ scope, oldKeyId, newKeyId, force }, identity);
  }

  @Handles('signing.plan-rotate')
  planRotate({ scope, new_key_id: newKeyId, force }: PlanRotate, { operator }: Asked): Promise<PlanRotateReply> {
    return this.plans.ofRotation({ scope, newKeyId, force }, operator);
  }

  @Handles('signing.plan-close')
  planClose(request: PlanClose, { operator }: Asked): Promise<PlanCloseReply> {
    const { scope, old_key_id: oldKeyId, new_key_id: newKeyId } = request;
    return this.plans.ofClosing(scope, { oldKeyId, newKeyId }, operator);
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
