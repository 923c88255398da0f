import { Controller } from '@nestjs/common';
import {
  type PlanChange,
  type PlanChangeReply,
  type PrepareSuperior,
  type PrepareSuperiorReply,
  type Recommit,
  type RecommitReply,
  type RecoveryRotate,
  type RecoveryRotateReply,
  type Revoke,
  type RevokeReply,
  type Stage,
  type StageReply,
  type Unstage,
  type UnstageReply,
} from '@plexsphere/wire/commands';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { ChangePlans } from './change-plans';
import { PrepareSuperiorStatement } from './prepare-superior';
import { RecommitRing } from './recommit-ring';
import { RevokeKey } from './revoke-key';
import { RotateRecovery } from './rotate-recovery';
import { StageKey } from './stage-key';
import { Rotator } from '../rotator/rotator';

/** Keys that come into a ring without a rotation, or leave it so; and what the recovery key vouches for. */
@Controller()
export class KeyController {
  constructor(
    private readonly staging: StageKey,
    private readonly revoking: RevokeKey,
    private readonly recommitting: RecommitRing,
    private readonly recovery: RotateRecovery,
    private readonly superior: PrepareSuperiorStatement,
    private readonly plans: ChangePlans,
    private readonly rotator: Rotator,
  ) {}

  @Handles('signing.stage')
  stage(
    { scope, new_key_id: newKeyId, rotate_within_seconds: within, unless_staged: unlessStaged, reason }: Stage,
    { identity }: Asked,
  ): Promise<StageReply> {
    const rotateWithinMs = within && within * 1_000;
    return this.staging.stage({ scope, newKeyId, rotateWithinMs, unlessStaged, reason: reason ?? null }, identity);
  }

  @Handles('signing.unstage')
  unstage({ scope, key_id: keyId, reason }: Unstage, { identity }: Asked): Promise<UnstageReply> {
    return this.staging.unstage({ scope, keyId, reason: reason ?? null }, identity);
  }

  @Handles('signing.revoke')
  async revoke(request: Revoke, { identity }: Asked): Promise<RevokeReply> {
    const { scope, key_id: keyId, new_key_id: newKeyId, discard_staged: discardStaged = false } = request;
    const { reason, statement } = request;
    const revoking = { scope, keyId, newKeyId, discardStaged, reason, statement };
    const revoked = await this.revoking.revoke(revoking, identity);
    this.rotator.lookAt(scope);
    return revoked;
  }

  @Handles('signing.recommit')
  recommit({ scope, reason, statement }: Recommit, { identity }: Asked): Promise<RecommitReply> {
    return this.recommitting.recommit({ scope, reason, statement }, identity);
  }

  @Handles('signing.prepare-statement')
  prepareStatement(request: PrepareSuperior): Promise<PrepareSuperiorReply> {
    return this.superior.prepare(request);
  }

  @Handles('recovery.rotate')
  rotateRecovery(request: RecoveryRotate, { identity }: Asked): Promise<RecoveryRotateReply> {
    return this.recovery.rotate(request, identity);
  }

  @Handles('signing.plan-change')
  plan(request: PlanChange, { operator }: Asked): Promise<PlanChangeReply> {
    return this.plans.plan(request, operator);
  }
}
