import type { IncomingMessage, ServerResponse } from 'node:http';
import { ROUTES, routePattern, type Problem, type RouteName } from '@plexsphere/wire';
import type { RawRoute } from '../door/raw-route';
import type { Refusal } from '../door/refuse';

/** What every issuer answers, at the root for the default one and under a path of its own for each. */
export interface IssuerDoor {
  /** Of the routes that lead to it. */
  readonly names: readonly RouteName[];
  /** `slug` is empty where the path names none: it is the default issuer. */
  answer(request: IncomingMessage, response: ServerResponse, slug: string): Promise<void> | undefined;
  /** What its callers have to hear in place of a refusal. */
  refusal?(refused: Problem): Refusal;
}

export const routesTo = (door: IssuerDoor): RawRoute[] =>
  door.names.map((name) => ({
    ...{ name, path: routePattern(name), methods: methodsOf(name) },
    answer: (request, response, slug) => door.answer(request, response, slug),
    ...(door.refusal !== undefined && { refusal: (refused: Problem) => door.refusal!(refused) }),
  }));

/** RFC 9110, section 9.3.2: whatever can be fetched can be asked for its head. */
const methodsOf = (name: RouteName): string[] =>
  ROUTES[name].method === 'GET' ? ['GET', 'HEAD'] : [ROUTES[name].method];
