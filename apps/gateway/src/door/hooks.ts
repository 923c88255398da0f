import { ROUTES, ROUTE_NAMES, type RouteName } from '@plexsphere/wire';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { GatewayMetrics } from '../metrics/gateway-metrics';

/** What is said to one caller at one moment is nobody else's and no later one's. */
export function keepFromCaches(server: FastifyInstance): void {
  server.addHook('onRequest', async (_, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });
}

/** Of what Nest serves, by the method and the path as Fastify writes it. */
const NAMES: ReadonlyMap<string, RouteName> = new Map(
  ROUTE_NAMES.map((name) => [`${ROUTES[name].method} ${ROUTES[name].path.replace(/\{(\w+)\}/g, ':$1')}`, name]),
);

/** HEAD is answered as GET is. */
export const routeOf = ({ method, routeOptions }: Pick<FastifyRequest, 'method' | 'routeOptions'>) =>
  NAMES.get(`${method === 'HEAD' ? 'GET' : method} ${routeOptions.url}`);

/** By the route and not by the path: strangers ask for any number of paths. */
export function countAnswers(server: FastifyInstance, metrics: GatewayMetrics): void {
  server.addHook('onResponse', async (request, { statusCode }) => {
    metrics.answered(routeOf(request) ?? 'other', statusCode);
  });
}
