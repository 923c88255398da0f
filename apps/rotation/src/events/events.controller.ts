import { Controller } from '@nestjs/common';
import type { Publish, PublishReply } from '@plexsphere/wire/commands';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { PublishEvent } from './publish-event';

@Controller()
export class EventsController {
  constructor(private readonly publishEvent: PublishEvent) {}

  @Handles('events.publish')
  publish(request: Publish, { identity }: Asked): Promise<PublishReply> {
    return this.publishEvent.publish(request, identity);
  }
}
