/**
 * Every call over HTTP, in one table: gateways answer them, and nothing else. `{node_id}` is a Node's id, `{scope}` the
 * name of a ring.
 */
export interface Route {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  /** Who may call: a Node in its own name, by its bearer token; one that has an enrolment token; anybody. */
  caller: 'node' | 'newcomer' | 'anybody';
  /** What it is for, in the description of the API. */
  summary: string;
}

export const ROUTES = {
  register: {
    method: 'POST',
    path: '/v1/register',
    caller: 'newcomer',
    summary: 'Comes in with an enrolment token, and is a Node from then on',
  },
  events: {
    method: 'GET',
    path: '/v1/nodes/{node_id}/events',
    caller: 'node',
    summary: "The Node's stream, as server-sent events",
  },
  state: {
    method: 'GET',
    path: '/v1/nodes/{node_id}/state',
    caller: 'node',
    summary: 'What the Node should hold now, the signing keys among it',
  },
  heartbeat: {
    method: 'POST',
    path: '/v1/nodes/{node_id}/heartbeat',
    caller: 'node',
    summary: 'Says that the Node is there, and hears whether it should ask for its state or change its key',
  },
  drift: {
    method: 'POST',
    path: '/v1/nodes/{node_id}/drift',
    caller: 'node',
    summary: 'Says that the Node has taken a state that differed from the one before',
  },
  hello: {
    method: 'POST',
    path: '/v1/nodes/{node_id}/hello',
    caller: 'node',
    summary: 'Asks anew, beside an open stream, where that goes on',
  },
  ack: {
    method: 'POST',
    path: '/v1/nodes/{node_id}/ack',
    caller: 'node',
    summary: 'Acknowledges what the Node has applied: epochs, position and heads',
  },
  rotateKey: {
    method: 'POST',
    path: '/v1/keys/rotate',
    caller: 'node',
    summary: "Replaces the Node's WireGuard key, which its peers are told",
  },
  deregister: {
    method: 'POST',
    path: '/v1/nodes/{node_id}/deregister',
    caller: 'node',
    summary: 'Leaves: the Node is removed',
  },
  report: {
    method: 'POST',
    path: '/v1/nodes/{node_id}/report',
    caller: 'node',
    summary: 'Taken note of, and kept nowhere',
  },
  capabilities: {
    method: 'PUT',
    path: '/v1/nodes/{node_id}/capabilities',
    caller: 'node',
    summary: 'Taken note of, and kept nowhere',
  },
  endpoint: {
    method: 'PUT',
    path: '/v1/nodes/{node_id}/endpoint',
    caller: 'node',
    summary: 'Taken note of, and kept nowhere; the answer names no endpoints',
  },
  ping: { method: 'GET', path: '/v1/ping', caller: 'anybody', summary: 'Answers, and says nothing' },
  jwks: {
    method: 'GET',
    path: '/v1/scopes/{scope}/jwks.json',
    caller: 'anybody',
    summary: "The ring's public keys that verify now, as a JWK Set",
  },
  chain: {
    method: 'GET',
    path: '/v1/scopes/{scope}/chain',
    caller: 'anybody',
    summary: 'The statements after two epochs, and a bundle that ends them',
  },
} as const satisfies Record<string, Route>;
export type RouteName = keyof typeof ROUTES;
export const ROUTE_NAMES = Object.keys(ROUTES) as RouteName[];

/** The path of a call, its names filled in. */
export const routePath = (name: RouteName, names: Record<string, string> = {}): string =>
  ROUTES[name].path.replace(/\{(\w+)\}/g, (_, each: string) => encodeURIComponent(names[each] ?? ''));

/** How what is served under a path may be called; none: nothing is served there. */
export const methodsAt = (path: string): Route['method'][] =>
  PATTERNS.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);

const PATTERNS = Object.values(ROUTES).map(({ method, path }) => ({
  method,
  pattern: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
}));
