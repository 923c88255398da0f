import { Controller } from '@nestjs/common';
import type {
  PlanRotateWhenApplied,
  PlanRotateWhenAppliedReply,
  RotateWhenApplied as Request,
  RotateWhenAppliedReply,
} from '@plexsphere/wire/commands';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { RotateWhenApplied } from './rotate-when-applied';

@Controller()
export class PromotionController {
  constructor(private readonly promotions: RotateWhenApplied) {}

  @Handles('signing.rotate-when-applied')
  ask(request: Request, { identity }: Asked): Promise<RotateWhenAppliedReply> {
    return this.promotions.ask(request, identity);
  }

  @Handles('signing.plan-rotate-when-applied')
  plan(request: PlanRotateWhenApplied, { operator }: Asked): Promise<PlanRotateWhenAppliedReply> {
    return this.promotions.plan(request, operator);
  }
}
