/**
 * Every call over HTTP, in one table: gateways answer them, and nothing else. `{node_id}` is a Node's id, `{scope}` the
 * name of a ring, `{slug}` an issuer's, `{kid}` a key's; at the root the default issuer answers.
 */
export interface Route {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  /**
   * Who may call: a Node in its own name, by its bearer token, or by a proof of its Node key; one that has an enrolment
   * token; a client of the issuer; an operator, by theirs; anybody.
   */
  caller: 'node' | 'key' | 'newcomer' | 'client' | 'operator' | 'anybody';
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
  channel: {
    method: 'POST',
    path: '/v1/nodes/{node_id}/channel',
    caller: 'node',
    summary: "Reports what a channel's member holds: proofs of its keys, and what has become of them",
  },
  rotateKey: {
    method: 'POST',
    path: '/v1/keys/rotate',
    caller: 'node',
    summary: "Replaces the Node's WireGuard key, which its peers are told",
  },
  enroll: {
    method: 'POST',
    path: '/v1/edge/enroll',
    caller: 'key',
    summary: 'Comes in with an enrolment token and a Node key of its own, which proves itself',
  },
  nodeKey: {
    method: 'GET',
    path: '/v1/nodes/{node_id}/key',
    caller: 'key',
    summary: "What holds of the Node's key, and whether another one is due",
  },
  changeNodeKey: {
    method: 'POST',
    path: '/v1/nodes/{node_id}/key',
    caller: 'key',
    summary: "Replaces the Node's key: the old one vouches for the new one, which proves itself",
  },
  confirmNodeKey: {
    method: 'POST',
    path: '/v1/nodes/{node_id}/key/confirm',
    caller: 'key',
    summary: 'Says that the Node works by its new key or token, which ends the old one',
  },
  nodeToken: {
    method: 'POST',
    path: '/v1/nodes/{node_id}/token',
    caller: 'key',
    summary: 'A newer token for the same key: beside the one that the Node holds, or in its place',
  },
  logout: {
    method: 'POST',
    path: '/v1/nodes/{node_id}/logout',
    caller: 'key',
    summary: 'Leaves, by its key: the Node is removed',
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
  rootJwks: {
    method: 'GET',
    path: '/.well-known/jwks.json',
    caller: 'anybody',
    summary: "The default issuer's public keys that verify now, as a JWK Set",
  },
  issuerJwks: {
    method: 'GET',
    path: '/issuers/{slug}/.well-known/jwks.json',
    caller: 'anybody',
    summary: "The issuer's public keys that verify now, as a JWK Set",
  },
  rootMetadata: {
    method: 'GET',
    path: '/.well-known/oauth-authorization-server',
    caller: 'anybody',
    summary: 'Where the default issuer is called, and how (RFC 8414)',
  },
  issuerMetadata: {
    method: 'GET',
    path: '/issuers/{slug}/.well-known/oauth-authorization-server',
    caller: 'anybody',
    summary: 'Where the issuer is called, and how',
  },
  insertedMetadata: {
    method: 'GET',
    path: '/.well-known/oauth-authorization-server/issuers/{slug}',
    caller: 'anybody',
    summary: 'The same where RFC 8414, section 3.1, looks for it',
  },
  rootOpenidConfiguration: {
    method: 'GET',
    path: '/.well-known/openid-configuration',
    caller: 'anybody',
    summary: 'The same document, where OpenID Connect looks for it',
  },
  issuerOpenidConfiguration: {
    method: 'GET',
    path: '/issuers/{slug}/.well-known/openid-configuration',
    caller: 'anybody',
    summary: 'The same document, where OpenID Connect looks for it',
  },
  rootToken: {
    method: 'POST',
    path: '/oauth2/token',
    caller: 'client',
    summary: 'An access token of the default issuer (RFC 6749, section 4.4)',
  },
  issuerToken: {
    method: 'POST',
    path: '/issuers/{slug}/oauth2/token',
    caller: 'client',
    summary: 'An access token of the issuer (RFC 6749, section 4.4)',
  },
  rootIntrospect: {
    method: 'POST',
    path: '/oauth2/introspect',
    caller: 'client',
    summary: 'Whether a token of the default issuer is good now (RFC 7662)',
  },
  issuerIntrospect: {
    method: 'POST',
    path: '/issuers/{slug}/oauth2/introspect',
    caller: 'client',
    summary: 'Whether a token of the issuer is good now (RFC 7662)',
  },
  rootKeys: {
    method: 'GET',
    path: '/api/v1/admin/keys',
    caller: 'operator',
    summary: "The default issuer's keys, with their states",
  },
  issuerKeys: {
    method: 'GET',
    path: '/issuers/{slug}/api/v1/admin/keys',
    caller: 'operator',
    summary: "The issuer's keys, with their states",
  },
  rootStage: {
    method: 'POST',
    path: '/api/v1/admin/keys/rotate',
    caller: 'operator',
    summary: 'Stages the next key of the default issuer, or names the one that is staged',
  },
  issuerStage: {
    method: 'POST',
    path: '/issuers/{slug}/api/v1/admin/keys/rotate',
    caller: 'operator',
    summary: 'Stages the next key of the issuer, or names the one that is staged',
  },
  rootPromote: {
    method: 'POST',
    path: '/api/v1/admin/keys/{kid}/promote',
    caller: 'operator',
    summary: 'Has the staged key of the default issuer sign',
  },
  issuerPromote: {
    method: 'POST',
    path: '/issuers/{slug}/api/v1/admin/keys/{kid}/promote',
    caller: 'operator',
    summary: 'Has the staged key of the issuer sign',
  },
  rootDisable: {
    method: 'POST',
    path: '/api/v1/admin/keys/{kid}/disable',
    caller: 'operator',
    summary: 'Puts a key of the default issuer away, or throws it out',
  },
  issuerDisable: {
    method: 'POST',
    path: '/issuers/{slug}/api/v1/admin/keys/{kid}/disable',
    caller: 'operator',
    summary: 'Puts a key of the issuer away, or throws it out',
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

/** Of the path of a call, without its query: a group for each name in it. */
export const routePattern = (name: RouteName): RegExp =>
  new RegExp(`^${ROUTES[name].path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '([^/]+)')}$`);

const PATTERNS = ROUTE_NAMES.map((name) => ({ method: ROUTES[name].method, pattern: routePattern(name) }));
