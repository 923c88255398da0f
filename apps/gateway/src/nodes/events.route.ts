import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { problem, type Problem } from '@plexsphere/wire';
import { Rate } from '../door/rate';
import type { RawRoute } from '../door/raw-route';
import { RETRY_AFTER_S, refusalOf, type Refusal } from '../door/refuse';
import { EventStreams } from '../streams/event-streams';
import { CalledNodes } from './called-nodes';
import { NodeCredentials, bearerOf } from './node-credentials';

/** How often a Node may ask for its stream: its client asks again at once whenever one ends, without a pause. */
const STREAMS = { most: 10, withinMs: 10_000 };

/** `GET /v1/nodes/{node_id}/events`: lets the Node in, and hands it to the streams. */
@Injectable()
export class EventsRoute implements RawRoute {
  readonly name = 'events';
  readonly path = /^\/v1\/nodes\/([^/]+)\/events$/;
  readonly methods = ['GET'];
  private readonly rate = new Rate(STREAMS);

  constructor(
    private readonly credentials: NodeCredentials,
    private readonly streams: EventStreams,
    private readonly called: CalledNodes,
  ) {}

  async answer(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
    const { authorization } = request.headers;
    // However it is spelled: it is one Node.
    const nodeId = name.toLowerCase();
    // By the name and what was shown with it: who makes up a bearer uses up nothing of the Node's own.
    if (this.rate.waitMs([nodeId, bearerOf(authorization) ?? '']) > 0) {
      throw problem('tooManyStreams', { retry_after: RETRY_AFTER_S });
    }
    // Behind a queue most give up, and ask anew: no row is read for those, and nothing more is done.
    const requireCaller = (): void => {
      if (response.destroyed) throw problem('eventStreamUnavailable');
    };
    const node = await this.credentials.authenticate(nodeId, authorization, requireCaller);
    requireCaller();
    this.called.noteStream(node);
    await this.streams.open(request, response, node);
  }

  /** What may pass is never told as what stops a Node's stream for good. */
  refusal(refused: Problem): Refusal {
    return refusalOf(IS_TOLD.has(refused.code) ? refused : problem('eventStreamUnavailable'));
  }
}

const IS_TOLD: ReadonlySet<string> = new Set([
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'INVALID_ARGUMENT',
  'RESOURCE_EXHAUSTED',
]);
