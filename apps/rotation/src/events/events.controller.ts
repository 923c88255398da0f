import { Controller } from '@nestjs/common';
import { problem } from '@plexsphere/wire';
import type { Publish, PublishReply } from '@plexsphere/wire/commands';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { PublishEvent, type Audience } from './publish-event';

@Controller()
export class EventsController {
  constructor(private readonly publishEvent: PublishEvent) {}

  @Handles('events.publish')
  async publish(request: Publish, { identity }: Asked): Promise<PublishReply> {
    const { event_type: eventType, payload = null } = request;
    return this.publishEvent.publish({ to: audienceOf(request), eventType, payload }, identity);
  }
}

/** One of both, and not both. */
function audienceOf({ scope, node_id: nodeId }: Publish): Audience {
  if (scope !== undefined && nodeId === undefined) return { scope };
  if (nodeId !== undefined && scope === undefined) return { nodeId };
  throw problem('invariantViolation', { field: 'scope' });
}
