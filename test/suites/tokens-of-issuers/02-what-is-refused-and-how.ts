import { createHmac, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ASSERTION_TYPE, makeClientKey, type ClientKey } from '../../src/client-key';
import {
  AUDIENCE,
  basic,
  makeClient,
  makeIssuer,
  tokenOf,
  type TestClient,
  type TestIssuer,
} from '../../src/oauth-hands';
import type { Step } from '../../src/tell-story';

const LEAKS = /select|insert|pg_|postgres|typeorm|ECONN|node_modules|\.[jt]s\b|\n\s+at |\/(?:src|dist|work)\//i;
const GRANT = { grant_type: 'client_credentials' };
const LIMIT_BYTES = 16 * 1_024;

interface Ground {
  issuer: TestIssuer;
  other: TestIssuer;
  billing: TestClient;
  elsewhere: TestClient;
  key: ClientKey;
  strange: ClientKey;
  /** Of the issuer itself. */
  issuerKeyId: string;
}

type Body = Record<string, string> | [string, string][] | string | Buffer;
interface Sent {
  body?: Body;
  headers?: Record<string, string>;
  method?: string;
  path?: string;
}
/** What is sent, and by which status and code it is refused. */
type Row = [string, (ground: Ground) => Sent | Promise<Sent>, number, string];

const by = (authorization: string, form: Record<string, string> = {}): Sent => ({
  body: { ...GRANT, ...form },
  headers: { authorization },
});
const asserted = (assertion: string, more: Record<string, string> = {}): Sent => ({
  body: { ...GRANT, client_assertion_type: ASSERTION_TYPE, client_assertion: assertion, ...more },
});
const seconds = (more: number): number => Math.floor(Date.now() / 1_000) + more;
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = (issuer: TestIssuer): object => ({
  ...{ iss: 'jobs', sub: 'jobs', aud: issuer.url, exp: seconds(60), jti: randomUUID() },
});

const ROWS: Row[] = [
  ['nobody', () => ({ body: GRANT }), 401, 'invalid_client'],
  ['a client that is not there', () => by(basic({ id: 'nobody', secret: 'x' })), 401, 'invalid_client'],
  ['a wrong secret', () => by(basic({ id: 'billing', secret: 'x' })), 401, 'invalid_client'],
  ["another issuer's client", ({ elsewhere }) => by(basic(elsewhere)), 401, 'invalid_client'],
  ['a bearer', () => by('Bearer abc'), 401, 'invalid_client'],
  ['half of Basic', () => by('Basic'), 401, 'invalid_client'],
  [
    'Basic and a secret',
    ({ billing }) => by(basic(billing), { client_id: 'billing', client_secret: billing.secret }),
    ...([400, 'invalid_request'] as const),
  ],
  [
    'Basic and an assertion',
    async ({ billing, key, issuer }) => ({
      ...asserted(await key.assertion('jobs', issuer.url)),
      headers: { authorization: basic(billing) },
    }),
    ...([400, 'invalid_request'] as const),
  ],
  [
    'a parameter twice',
    ({ billing }) => ({
      body: [...Object.entries(GRANT), ['scope', 'read'], ['scope', 'write']],
      headers: { authorization: basic(billing) },
    }),
    ...([400, 'invalid_request'] as const),
  ],
  ['no grant', ({ billing }) => by(basic(billing), { grant_type: '' }), 400, 'invalid_request'],
  [
    'another grant',
    ({ billing }) => by(basic(billing), { grant_type: 'password' }),
    ...([400, 'unsupported_grant_type'] as const),
  ],
  ['a scope that it has not', ({ billing }) => by(basic(billing), { scope: 'read admin' }), 400, 'invalid_scope'],
  [
    'an audience that it has not',
    ({ billing }) => by(basic(billing), { resource: 'https://other.example.com' }),
    ...([400, 'invalid_target'] as const),
  ],
  ['half of an escape', ({ billing }) => ({ ...by(basic(billing)), body: 'grant_type=%4' }), 400, 'invalid_request'],
  ['no UTF-8', ({ billing }) => ({ ...by(basic(billing)), body: Buffer.of(0x61, 0xff) }), 400, 'invalid_request'],

  [
    'an assertion that is over',
    async ({ key, issuer }) => asserted(await key.assertion('jobs', issuer.url, { exp: seconds(-60) })),
    ...([401, 'invalid_client'] as const),
  ],
  [
    'one that lasts for an hour',
    async ({ key, issuer }) => asserted(await key.assertion('jobs', issuer.url, { exp: seconds(3_600) })),
    ...([401, 'invalid_client'] as const),
  ],
  [
    'one for another issuer',
    async ({ key, other }) => asserted(await key.assertion('jobs', other.url)),
    ...([401, 'invalid_client'] as const),
  ],
  [
    'one for the endpoint',
    async ({ key, issuer }) => asserted(await key.assertion('jobs', `${issuer.url}/oauth2/token`)),
    ...([401, 'invalid_client'] as const),
  ],
  [
    'one for several',
    async ({ key, issuer, other }) =>
      asserted(await key.assertion('jobs', issuer.url, { aud: [issuer.url, other.url] })),
    ...([401, 'invalid_client'] as const),
  ],
  [
    'one without an id',
    async ({ key, issuer }) => asserted(await key.assertion('jobs', issuer.url, { jti: undefined as never })),
    ...([401, 'invalid_client'] as const),
  ],
  [
    'one by the key of a stranger',
    async ({ strange, issuer }) => asserted(await strange.assertion('jobs', issuer.url)),
    ...([401, 'invalid_client'] as const),
  ],
  [
    "one that names the issuer's own key",
    async ({ strange, issuer, issuerKeyId }) =>
      asserted(await strange.assertion('jobs', issuer.url, {}, { kid: issuerKeyId })),
    ...([401, 'invalid_client'] as const),
  ],
  [
    "one that names the platform's key",
    async ({ strange, issuer }) => asserted(await strange.assertion('jobs', issuer.url, {}, { kid: 'platform-1' })),
    ...([401, 'invalid_client'] as const),
  ],
  [
    'one that is not signed',
    ({ issuer }) => asserted(`${part({ alg: 'none', kid: 'j1' })}.${part(claims(issuer))}.`),
    ...([401, 'invalid_client'] as const),
  ],
  [
    'one by HS256, its secret the public key',
    ({ issuer, key }) => {
      const signed = `${part({ alg: 'HS256', kid: 'j1' })}.${part(claims(issuer))}`;
      const hmac = createHmac('sha256', JSON.stringify(key.jwk)).update(signed).digest('base64url');
      return asserted(`${signed}.${hmac}`);
    },
    ...([401, 'invalid_client'] as const),
  ],
  ...['jwk', 'x5c', 'jku', 'crit'].map((name): Row => [
    `one with ${name}`,
    async ({ strange, issuer }) => {
      const value = { jwk: strange.jwk, x5c: ['MIIB'], jku: 'https://evil.example.com', crit: ['b64'] }[name];
      const header = { [name]: value, ...(name === 'crit' && { b64: true }) };
      return asserted(await strange.assertion('jobs', issuer.url, {}, header));
    },
    ...([401, 'invalid_client'] as const),
  ]),
  [
    'one for another client than is named',
    async ({ key, issuer }) => asserted(await key.assertion('jobs', issuer.url), { client_id: 'billing' }),
    ...([400, 'invalid_request'] as const),
  ],
  [
    'another type of assertion',
    async ({ key, issuer }) =>
      asserted(await key.assertion('jobs', issuer.url), {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
      }),
    ...([400, 'invalid_request'] as const),
  ],

  [
    'JSON',
    ({ billing }) => ({
      body: JSON.stringify(GRANT),
      headers: { 'content-type': 'application/json', authorization: basic(billing) },
    }),
    ...([415, 'invalid_request'] as const),
  ],
  [
    'a form in gzip',
    ({ billing }) => ({
      body: gzipSync('grant_type=client_credentials'),
      headers: {
        ...{ 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' },
        authorization: basic(billing),
      },
    }),
    ...([415, 'invalid_request'] as const),
  ],
  [
    'a byte too many',
    ({ billing }) => by(basic(billing), { x: 'x'.repeat(LIMIT_BYTES) }),
    ...([413, 'invalid_request'] as const),
  ],
  ['another method', () => ({ method: 'GET' }), 405, 'unsupported_method'],
  ['an issuer that is not there', () => ({ body: GRANT, path: '/../nobody/oauth2/token' }), 404, 'unknown_scope'],
];

const isText = (body: Body | undefined): body is string | Buffer => typeof body === 'string' || Buffer.isBuffer(body);

const send = (at: string, { body, headers = {}, method = 'POST', path = '/oauth2/token' }: Sent): Promise<Response> =>
  fetch(`${at}${path}`, {
    ...{ method, headers: { ...(isText(body) && FORM), ...headers } },
    ...(body !== undefined && { body: isText(body) ? body : new URLSearchParams(body) }),
  });
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

export const step: Step = async (world) => {
  const [issuer, other] = [await makeIssuer(world, 'strict'), await makeIssuer(world, 'strict-too')];
  const [key, strange] = [await makeClientKey('j1'), await makeClientKey('j1')];
  const ground: Ground = {
    ...{ issuer, other, key, strange, issuerKeyId: (await world.kids(issuer.scope))[0] ?? '' },
    billing: await makeClient(world, issuer, 'billing'),
    elsewhere: await makeClient(world, other, 'elsewhere'),
  };
  const jwk = { key_id: 'j1', algorithm: 'ES256', public_key: key.publicKey } as const;
  await makeClient(world, issuer, 'jobs', { keys: [jwk] });
  // What is refused below is refused for what it is.
  await tokenOf(issuer.url, ground.billing);

  const refused = new Map<string, string>();
  for (const [name, make, status, error] of ROWS) {
    const answer = await send(issuer.url, await make(ground));
    const text = await answer.text();
    const told = JSON.parse(text) as { error?: string; code?: string };
    expect([name, answer.status, told.error ?? told.code]).toEqual([name, status, error]);
    expect([name, answer.headers.get('cache-control')]).toEqual([name, 'no-store']);
    expect([name, answer.headers.get('www-authenticate') !== null]).toEqual([name, status === 401]);
    expect([name, LEAKS.exec(text)?.[0]]).toEqual([name, undefined]);
    if (status === 401) refused.set(text, name);
  }
  // Whoever is not let in learns nothing of why.
  expect([...refused.keys()]).toHaveLength(1);

  // Once, at whichever gateway, and by nobody else meanwhile.
  const once = asserted(await key.assertion('jobs', issuer.url));
  const there = `${world.gatewayUrls[1]}/issuers/strict`;
  const tries = await Promise.all([issuer.url, there, issuer.url, there].map((at) => send(at, once)));
  expect(tries.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
  expect((await send(issuer.url, once)).status).toBe(401);

  // A set of ten thousand keys is refused where it is entered, before it goes anywhere.
  const file = join(dirname(world.stack.tokenFile), 'many.json');
  const keys = Array.from({ length: 10_000 }, (_, n) => ({ ...key.jwk, kid: `made-up-${n}` }));
  await writeFile(file, JSON.stringify({ keys }));
  const named = ['--scope', issuer.scope, '--client-id', 'many', '--token-scope', 'read', '--audience', AUDIENCE];
  const many = await world.plexctl(['client', 'create', ...named, '--jwks', file]);
  expect([many.exitCode, many.stdout]).toEqual([2, '']);
};
