import { Controller } from '@nestjs/common';
import { KeyRingEntity } from '@plexsphere/store';
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
import { DataSource } from 'typeorm';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { droppedView, listDropped } from '../rotator/list-dropped';
import { Rotator } from '../rotator/rotator';
import { readSnapshot } from '../transactions/database-clock';
import { CloseRotation } from './close-rotation';
import { findTransition, listAudit, listTransitions, transitionDetail, transitionSummary } from './list-transitions';
import { OpenRotation } from './open-rotation';
import { RollbackRotation } from './rollback-rotation';
import { RotationPlans } from './rotation-plans';

/** Transitions in a history that is asked for without a limit. */
const NEWEST = 20;

/** Rotations: opened, closed, planned, and those that were. */
@Controller()
export class RotationController {
  constructor(
    private readonly openRotation: OpenRotation,
    private readonly closeRotation: CloseRotation,
    private readonly rollbackRotation: RollbackRotation,
    private readonly plans: RotationPlans,
    private readonly rotator: Rotator,
    private readonly database: DataSource,
  ) {}

  @Handles('signing.rotate')
  async rotate(request: Rotate, { identity, operator }: Asked): Promise<RotateReply> {
    const { scope, new_key_id: newKeyId, reason = null, force = false } = request;
    // To have a key sign that verifiers may not hold yet is an admin's decision.
    if (force && !suffices(operator.role, 'admin')) throw problem('permissionDenied');
    const opened = await this.openRotation.open({ scope, newKeyId, reason, force }, identity);
    this.rotator.lookAt(scope);
    return opened;
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

  /** @throws Problem unknownScope */
  @Handles('signing.history')
  history({ scope, limit }: History): Promise<HistoryReply> {
    return readSnapshot(this.database, async (manager) => {
      if (!(await manager.existsBy(KeyRingEntity, { scope }))) throw problem('unknownScope', { field: 'scope' });
      const newest = limit ?? NEWEST;
      return {
        transitions: (await listTransitions(manager, scope, newest)).map(transitionSummary),
        dropped: (await listDropped(manager, scope, newest)).map(droppedView),
      };
    });
  }

  /** @throws Problem unknownTransition, alike for one that is not there and for one of a scope that is not theirs */
  @Handles('signing.show')
  show({ id }: Show, { operator }: Asked): Promise<ShowReply> {
    return readSnapshot(this.database, async (manager) => {
      const transition = await findTransition(manager, operator.scopes, id);
      if (transition === undefined) throw problem('unknownTransition', { field: 'id' });
      return transitionDetail(transition, await listAudit(manager, transition));
    });
  }
}
