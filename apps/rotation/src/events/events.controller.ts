import { Controller } from '@nestjs/common';
import { problem } from '@plexsphere/wire';
import type {
  ListEvents,
  ListEventsReply,
  Publish,
  PublishReply,
  ShowEvent,
  ShowEventReply,
} from '@plexsphere/wire/commands';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { EventReader } from './event-reader';
import { PublishEvent, type Audience } from './publish-event';

@Controller()
export class EventsController {
  constructor(
    private readonly publishEvent: PublishEvent,
    private readonly events: EventReader,
  ) {}

  @Handles('events.publish')
  async publish(request: Publish, { identity }: Asked): Promise<PublishReply> {
    const { event_type: eventType, payload = null } = request;
    return this.publishEvent.publish({ to: audienceOf(request), eventType, payload }, identity);
  }

  @Handles('events.list')
  list(request: ListEvents, asked: Asked): Promise<ListEventsReply> {
    return this.events.list(request, asked.visibleScopes(request.scope));
  }

  @Handles('events.show')
  show(request: ShowEvent, { operator }: Asked): Promise<ShowEventReply> {
    return this.events.show(request, operator.scopes);
  }
}

/** One of both, and not both. */
function audienceOf({ scope, node_id: nodeId }: Publish): Audience {
  if (scope !== undefined && nodeId === undefined) return { scope };
  if (nodeId !== undefined && scope === undefined) return { nodeId };
  throw problem('invariantViolation', { field: 'scope' });
}
