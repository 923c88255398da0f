import { Controller } from '@nestjs/common';
import type { OfPolicy, PlanPolicy, PlanPolicyReply, PolicyReply, SetPolicy } from '@plexsphere/wire/commands';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { Rotator } from '../rotator/rotator';
import { Policies } from './policies';

/** What is decided for kinds of scopes and for scopes. A kind's is for operators of every scope: the guard lets no others. */
@Controller()
export class PolicyController {
  constructor(
    private readonly policies: Policies,
    private readonly rotator: Rotator,
  ) {}

  @Handles('policy.show')
  show(asked: OfPolicy, { operator }: Asked): Promise<PolicyReply> {
    return this.policies.show(asked, operator.scopes);
  }

  @Handles('policy.set')
  async set(request: SetPolicy, { identity, operator }: Asked): Promise<PolicyReply> {
    const decided = await this.policies.set(request, identity, operator.scopes);
    if (decided.scope !== null) this.rotator.lookAt(decided.scope);
    return decided;
  }

  @Handles('policy.plan-set')
  plan(request: PlanPolicy, { operator }: Asked): Promise<PlanPolicyReply> {
    return this.policies.plan(request, operator);
  }
}
