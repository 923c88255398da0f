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
  Rotate,
  RotateReply,
  Show,
  ShowReply,
} from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { readSnapshot } from '../transactions/database-clock';
import { CloseRotation } from './close-rotation';
import { findTransition, listAudit, listTransitions, transitionDetail, transitionSummary } from './list-transitions';
import { OpenRotation } from './open-rotation';
import { RotationPlans } from './rotation-plans';

/** Transitions in a history that is asked for without a limit. */
const NEWEST = 20;

/** Rotations: opened, closed, planned, and those that were. */
@Controller()
export class RotationController {
  constructor(
    private readonly openRotation: OpenRotation,
    private readonly closeRotation: CloseRotation,
    private readonly plans: RotationPlans,
    private readonly database: DataSource,
  ) {}

  @Handles('signing.rotate')
  rotate({ scope, new_key_id: newKeyId, reason }: Rotate, { identity }: Asked): Promise<RotateReply> {
    return this.openRotation.open({ scope, newKeyId, reason: reason ?? null }, identity);
  }

  @Handles('signing.close')
  async close(request: Close, { identity, operator }: Asked): Promise<CloseReply> {
    const { scope, old_key_id: oldKeyId, new_key_id: newKeyId, force = false } = request;
    // To leave Nodes behind is an admin's decision.
    if (force && !suffices(operator.role, 'admin')) throw problem('permissionDenied');
    return this.closeRotation.close({ scope, oldKeyId, newKeyId, force }, identity);
  }

  @Handles('signing.plan-rotate')
  planRotate({ scope, new_key_id: newKeyId }: PlanRotate, { operator }: Asked): Promise<PlanRotateReply> {
    return this.plans.ofRotation({ scope, newKeyId }, operator);
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
      return { transitions: (await listTransitions(manager, scope, limit ?? NEWEST)).map(transitionSummary) };
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
