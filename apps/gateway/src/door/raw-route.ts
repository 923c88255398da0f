import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Problem, RouteName } from '@plexsphere/wire';
import type { Refusal } from './refuse';

/**
 * A call that is answered before Nest: there it would cost twice as much, hold more than a stream should, or be told in other
 * words than OAuth's.
 */
export interface RawRoute {
  readonly name: RouteName;
  /** Of the path, without its query; its group, where it has one, is given to `answer`. */
  readonly path: RegExp;
  readonly methods: readonly string[];
  /** @throws Problem, and what else goes wrong: then nothing has been answered yet */
  answer(request: IncomingMessage, response: ServerResponse, group: string): Promise<void> | undefined;
  /** What its callers have to hear in place of a refusal. */
  refusal?(refused: Problem): Refusal;
}

/** Injection token of all of them. */
export const RAW_ROUTES = Symbol('RawRoutes');
