import { Controller } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { subjects } from '@plexsphere/wire';
import { RelayLoop } from './relay-loop';

/** No queue: every relay looks, and the claims decide who does what. A change that is not heard costs a quarter second. */
@Controller()
export class ChangesController {
  constructor(private readonly loop: RelayLoop) {}

  @EventPattern(subjects.outboxChanged)
  outboxChanged(): void {
    this.loop.wake();
  }

  @EventPattern(subjects.ringChanged)
  ringChanged(): void {
    this.loop.wake();
  }
}
