import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Problem, RouteName } from '@plexsphere/wire';

/** A call that is answered before Nest: there it would cost twice as much, or hold more than a stream should. */
export interface RawRoute {
  readonly name: RouteName;
  /** Of the path, without its query; the groups are given to `answer`. */
  readonly path: RegExp;
  readonly methods: readonly string[];
  /** @throws Problem, and what else goes wrong: then nothing has been answered yet */
  answer(request: IncomingMessage, response: ServerResponse, group: string): Promise<void> | undefined;
  /** What its callers have to hear in place of a refusal. */
  refusal?(refused: Problem): Problem;
}

/** Injection token of all of them. */
export const RAW_ROUTES = Symbol('RawRoutes');
