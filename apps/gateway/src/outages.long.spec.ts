// What a gateway still does while what it stands on is away, and how it goes. On a real PostgreSQL and a real bus.
import { eventually } from '@plexsphere/testkit';
import { LeaseTable, readClocks } from '@plexsphere/lease-holder';
import { askToken, basic, postForm } from '../testing/oauth-forms';
import { DOMAIN, GatewayWorld, KEY, type TestNode } from '../testing/gateway-world';

jest.setTimeout(180_000);

const PATIENCE = { timeoutMs: 90_000 };

let world: GatewayWorld;
let node: TestNode;
let secret: string;
beforeEach(async () => {
  world = await GatewayWorld.make();
  node = await world.addNode(DOMAIN);
  const issuer = await world.addIssuer('web', { isDefault: true, isHeld: true });
  secret = await world.addClient(issuer, 'billing');
  await eventually(() => holdsLease() && holdsLease(issuer.scope), { describe: 'the leases', ...PATIENCE });
});

const holdsLease = (scope = DOMAIN): boolean => {
  try {
    return world.gateway.get(LeaseTable).permit({ scope }, 0, readClocks()) !== undefined;
  } catch {
    return false;
  }
};
const told = async (response: Response) => [response.status, ((await response.json()) as { code?: string }).code];
const jwks = () => world.get(`/v1/scopes/${DOMAIN}/jwks.json`);
const state = () => world.as(node, `/v1/nodes/${node.id}/state`);
const beat = () => world.as(node, `/v1/nodes/${node.id}/heartbeat`, { method: 'POST' });
const token = () => askToken(world, ['billing', secret], { at: '' });
/** By the default issuer, which only the database can name. */
const published = async () =>
  Promise.all(
    ['/.well-known/jwks.json', '/.well-known/openid-configuration'].map(async (path) => (await world.get(path)).status),
  );
const introspected = () => postForm(world, '/oauth2/introspect', { token: 'a' }, basic('billing', secret));
const events = () => world.as(node, `/v1/nodes/${node.id}/events`);

it('without the bus: states, key sets and chains as ever, and nothing that would stop a Node for good', async () => {
  try {
    await world.bus.kill();
    await eventually(() => !holdsLease(), { describe: 'the end of the lease', ...PATIENCE });
    expect([(await state()).status, (await beat()).status, (await jwks()).status]).toEqual([200, 200, 200]);
    const chain = await world.get(`/v1/scopes/${DOMAIN}/chain`);
    expect(await chain.json()).toMatchObject({ more: false, bundle: null });
    expect(await told(await events())).toEqual([503, 'event_stream_unavailable']);
    expect([(await token()).status, (await introspected()).status, await published()]).toEqual([503, 200, [200, 200]]);
    const newcomer = await world.post('/v1/register', { token: 't', public_key: KEY, hostname: 'box' });
    expect(newcomer.status).toBeGreaterThanOrEqual(500);
    // Thousands ask for their streams meanwhile: none of them is worth a line.
    expect(world.gateway.log().filter(({ msg }) => msg === 'request failed')).toEqual([]);
    await world.bus.start();
    await eventually(() => holdsLease(), { describe: 'the lease again', ...PATIENCE });
  } finally {
    await world.end();
  }
});

it('without the database: what is in memory under a lease, and else 503, never 401', async () => {
  try {
    expect(await published()).toEqual([200, 200]);
    await world.closeDatabase();
    expect([(await jwks()).status, await published()]).toEqual([200, [200, 200]]);
    for (const ask of [token, introspected]) expect((await ask()).status).toBe(503);
    for (const ask of [state, beat]) expect(await told(await ask())).toEqual([503, 'database_unavailable']);
    expect(await told(await events())).toEqual([503, 'event_stream_unavailable']);
    expect(await told(await world.get(`/v1/scopes/${DOMAIN}/chain`))).toEqual([503, 'database_unavailable']);
    // Nothing of why it is away is anybody's business.
    expect(await (await state()).text()).not.toMatch(/ECONN|127\.0\.0\.1|gateway\./);
    world.openDatabase();
    await eventually(async () => (await state()).status === 200, { describe: 'states again', ...PATIENCE });
  } finally {
    world.openDatabase();
    await world.end();
  }
});

it('a stop answers what was begun, says 503 to what comes, and is gone then', async () => {
  const statuses = new Set<number | string>();
  const ask = async (): Promise<void> => {
    for (;;) {
      const status = await state().then(
        ({ status }) => status,
        ({ cause }: { cause?: { code?: string } }) => String(cause?.code),
      );
      statuses.add(status);
      if (typeof status === 'string') return;
    }
  };
  const asking = Array.from({ length: 8 }, ask);
  await eventually(() => statuses.has(200));
  await world.end();
  await Promise.all(asking);
  // Nobody was cut off in the middle of an answer, and nobody was told that it is unknown.
  for (const status of statuses) expect([200, 503, 'ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET']).toContain(status);
  expect(statuses).toContain('ECONNREFUSED');
});
