import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { isCount, isScope, subjects, type RingChanged } from '@plexsphere/wire';
import { RelayLoop } from './relay-loop';
import { RingWatch } from './ring-watch';

/** No queue: every relay looks, and the claims decide who does what. A change that is not heard costs a second at most. */
@Controller()
export class ChangesController {
  constructor(
    private readonly loop: RelayLoop,
    private readonly rings: RingWatch,
  ) {}

  @EventPattern(subjects.outboxChanged)
  outboxChanged(): void {
    this.loop.wake();
  }

  @EventPattern(subjects.ringChanged)
  ringChanged(@Payload() body: unknown): void {
    const { scope, epoch } = (body ?? {}) as { [member in keyof RingChanged]?: unknown };
    if (isScope(scope) && isCount(epoch, 1)) this.rings.note(scope, epoch);
    this.loop.wake();
  }
}
