import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { problem } from '@plexsphere/wire';
import type { NodeView } from '../views/node-views';

/** The streams of Nodes that are open on this gateway. */
@Injectable()
export class EventStreams {
  /**
   * The Node has been let in, and asks for its stream; `node` is its row as it was read for that.
   * @throws Problem: nothing has been answered then
   */
  async open(_request: IncomingMessage, _response: ServerResponse, _node: NodeView): Promise<void> {
    throw problem('eventStreamUnavailable');
  }

  /** Ends all of them, spread over so long; none is opened any more. */
  async end(_overMs: number): Promise<void> {}
}
