// Registering over HTTP, on a real PostgreSQL and under rotation's own role.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { EnrolmentWorld, MESH_DOMAIN, hashOf, wireguardKey } from '../../testing/enrolment-world';
import { forgetOldEnrolTokens } from './enrol-token';
import { listEnrolTokens } from './list-enrol-tokens';

jest.setTimeout(60_000);

let world: EnrolmentWorld;
beforeEach(
  async () => (world = await EnrolmentWorld.create(await testDatabase({ name: 'store', prepare: migrateStore }))),
);
afterEach(() => world.end());

const OVER = { code: 'UNAUTHENTICATED', detail: 'signing: enrolment token over' };
const one = async <Row extends object>(sql: string, values: unknown[] = []): Promise<Row> =>
  (await world.owner.query<Row[]>(sql, values))[0] as Row;
const bearerOf = (nodeId: string) =>
  one<{ bearer: string }>(`SELECT encode(bearer_hash, 'hex') AS bearer FROM ring.node WHERE id = $1`, [nodeId]);
const count = async (table: string): Promise<number> =>
  Number((await one<{ count: string }>(`SELECT count(*) FROM ${table}`)).count);

test('a token makes one Node: in its scope, under its hostname, with an address and the keys of that moment', async () => {
  const token = await world.token();
  const key = wireguardKey();
  const reply = await world.register({ token, bearer_hash: hashOf('secret'), wireguard_key: key });
  expect(reply).toEqual({
    ...{
      node_id: expect.any(String),
      scope: MESH_DOMAIN,
      name: 'edge-7',
      mesh_ip: expect.stringMatching(/^100\.64\./),
    },
    signing_public_key: 'K2',
  });
  expect(
    await one(
      `SELECT scope, name, host(mesh_ip) AS ip, wireguard_key, bus_public_key, state, bearer_hash = sha256('secret') AS is_bearer
         FROM ring.node`,
    ),
  ).toEqual({
    ...{ scope: MESH_DOMAIN, name: 'edge-7', ip: reply.mesh_ip, wireguard_key: key, bus_public_key: null },
    ...{ state: 'enrolled', is_bearer: true },
  });
  expect(
    await one(
      `SELECT listens, told_epoch::int, settled_epoch::int, told_platform_epoch::int, first_seen_at,
              waits_since IS NOT NULL AS waits FROM outbox.node_stream`,
    ),
  ).toEqual({
    listens: 'go',
    told_epoch: 2,
    settled_epoch: 2,
    told_platform_epoch: 3,
    first_seen_at: null,
    waits: true,
  });
});

test('the SDK gets a bundle of that very moment, too', async () => {
  const { bundle } = await world.register({ token: await world.token(), listens: 'sdk' });
  expect(JSON.parse(bundle ?? '')).toMatchObject({
    verb: 'sign-bundle',
    scope: MESH_DOMAIN,
    epoch: 2,
    platform_epoch: 3,
  });
  expect(await one('SELECT listens, waits_since FROM outbox.node_stream')).toEqual({
    listens: 'sdk',
    waits_since: null,
  });
});

test('the key that it verifies by first is the staged one where there is one', async () => {
  await world.owner.query(`DELETE FROM ring.signing_key WHERE key_id = 'k1'`);
  await world.owner.query(`INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state)
                           VALUES ('${MESH_DOMAIN}', 'k3', 'Ed25519', 'K3', 'staged')`);
  expect(await world.register({ token: await world.token() })).toMatchObject({ signing_public_key: 'K3' });
});

test('of 50 that come at once with one token one is in, and nobody else left a trace', async () => {
  const token = await world.token();
  const ends = await Promise.allSettled(
    Array.from({ length: 50 }, (_, i) => world.register({ token, hostname: `edge-${i}` })),
  );
  const refused = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as object] : []));
  expect(refused).toHaveLength(49);
  for (const reason of refused) expect(reason).toMatchObject({ ...OVER, body: { reason: 'used' } });
  for (const table of ['ring.node', 'outbox.node_stream']) expect(await count(table)).toBe(1);
  expect(await count(`ring.audit WHERE action = 'node.register'`)).toBe(1);
});

describe('whoever heard no answer comes again with the same token and key', () => {
  let token: string;
  const key = wireguardKey();
  let nodeId: string;
  beforeEach(async () => {
    token = await world.token();
    ({ node_id: nodeId } = await world.register({ token, wireguard_key: key, bearer_hash: hashOf('first') }));
  });
  const again = (given: object = {}) =>
    world.register({ token, wireguard_key: key, bearer_hash: hashOf('second'), ...given });

  test('and is the same Node, with a new secret: the former is none any more', async () => {
    expect(await again()).toMatchObject({ node_id: nodeId, name: 'edge-7' });
    expect(await bearerOf(nodeId)).toEqual({ bearer: hashOf('second') });
    expect(await count('ring.node')).toBe(1);
    const rows = await world.owner.query<object[]>(`SELECT detail->'again' AS again FROM ring.audit
                                                     WHERE action = 'node.register' ORDER BY id`);
    expect(rows).toEqual([{ again: false }, { again: true }]);
  });

  test.each<[string, string]>([
    ['by another key', ''],
    ['once the Node has called', 'UPDATE outbox.node_stream SET called_at = now()'],
    ['after ten minutes', `UPDATE ring.enrol_token SET used_at = now() - interval '601 s'`],
  ])('not %s', async (_, meanwhile) => {
    if (meanwhile !== '') await world.owner.query(meanwhile);
    await expect(again(meanwhile === '' ? { wireguard_key: wireguardKey() } : {})).rejects.toMatchObject(OVER);
    expect(await bearerOf(nodeId)).toEqual({ bearer: hashOf('first') });
  });

  test('also where the token has expired meanwhile', async () => {
    await world.owner.query(
      `UPDATE ring.enrol_token SET created_at = now() - interval '2 h', expires_at = now() - interval '1 s'`,
    );
    expect(await again()).toMatchObject({ node_id: nodeId });
  });

  test('a Node that was removed is out', async () => {
    await world.removing.remove({ id: nodeId }, world.operator('node.remove'));
    await expect(again()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    await expect(again({ wireguard_key: wireguardKey() })).rejects.toMatchObject(OVER);
  });

  test('a repetition of one request by the gateway answers the same, and changes nothing', async () => {
    const other = await world.token();
    const request = { token: other, request_id: randomUUID(), wireguard_key: key, bearer_hash: hashOf('third') };
    expect(await world.register(request)).toEqual(await world.register(request));
    expect(await count(`ring.audit WHERE action = 'node.register'`)).toBe(2);
  });
});

test.each<[string, () => Promise<string>, object]>([
  ['a token that nobody made', async () => 'x'.repeat(43), { detail: 'signing: not authenticated' }],
  ['one that has expired', () => expired(), { ...OVER, body: { reason: 'expired' } }],
  ['one of a scope that is gone', () => ofGone(), { detail: 'signing: unknown scope' }],
])('%s makes no Node', async (_, token, refusal) => {
  await expect(world.register({ token: await token() })).rejects.toMatchObject(refusal);
  expect(await count('ring.node')).toBe(0);
});

async function expired(): Promise<string> {
  const token = await world.token();
  await world.owner.query(
    `UPDATE ring.enrol_token SET created_at = now() - interval '2 h', expires_at = now() - interval '1 ms'`,
  );
  return token;
}

async function ofGone(): Promise<string> {
  const token = await world.token();
  await world.owner.query(`UPDATE ring.key_ring SET removed_at = now() WHERE scope = '${MESH_DOMAIN}'`);
  return token;
}

test('a taken hostname gets a suffix, and one that is no name is made one', async () => {
  const names: string[] = [];
  for (const hostname of ['edge-7', 'edge-7', '-- my host!', '...', 'h'.repeat(200), 'h'.repeat(200)]) {
    const { node_id: id, name } = await world.register({ token: await world.token(), hostname });
    names.push(name.replace(id.slice(0, 8), '<id>'));
  }
  expect(names).toEqual([
    ...['edge-7', 'edge-7-<id>', 'my-host-', 'node'],
    ...['h'.repeat(63), `${'h'.repeat(54)}-<id>`],
  ]);
});

test('addresses are taken once, come back, and run out', async () => {
  world.config.meshNetwork = '10.9.8.0/29';
  const nodes = [];
  for (let i = 0; i < 6; i++) nodes.push(await world.register({ token: await world.token() }));
  expect(nodes.map(({ mesh_ip: ip }) => ip).sort()).toEqual([1, 2, 3, 4, 5, 6].map((host) => `10.9.8.${host}`));
  const refused = world.register({ token: await world.token() });
  await expect(refused).rejects.toMatchObject({ detail: 'signing: no mesh address left' });
  await world.removing.remove({ id: nodes[3]!.node_id }, world.operator('node.remove'));
  expect(await world.register({ token: await world.token() })).toMatchObject({ mesh_ip: nodes[3]!.mesh_ip });
});

test('the audit log tells who made the token and which Node came; no secret is in the database', async () => {
  const token = await world.token();
  const secret = randomUUID();
  const { node_id: nodeId } = await world.register({ token, bearer_hash: hashOf(secret) });
  const rows = await world.owner.query<{ actor: string; action: string }[]>(
    'SELECT actor, action, scope, after, detail FROM ring.audit ORDER BY id',
  );
  expect(rows).toMatchObject([
    { action: 'node.enroll-token', scope: MESH_DOMAIN, after: { scope: MESH_DOMAIN, expires_at: expect.any(String) } },
    { actor: nodeId, action: 'node.register', scope: MESH_DOMAIN, after: { node_id: nodeId, key_id: 'k2' } },
  ]);
  expect((rows[1] as unknown as { detail: object }).detail).toMatchObject({ created_by: rows[0]?.actor });
  for (const table of ['ring.node', 'ring.enrol_token', 'ring.audit', 'ring.request', 'outbox.node_stream']) {
    const { text } = await one<{ text: string }>(
      `SELECT coalesce(string_agg(t::text, ' '), '') AS text FROM ${table} t`,
    );
    for (const hidden of [token, secret]) expect(text).not.toContain(hidden);
  }
});

test('tokens that are over go after a day, and the Node that one made stays', async () => {
  const token = await world.token();
  await world.register({ token });
  await world.token();
  await forgetOldEnrolTokens(world.database.manager);
  expect(await count('ring.enrol_token')).toBe(2);
  await world.owner.query(
    `UPDATE ring.enrol_token SET created_at = now() - interval '3 d', expires_at = now() - interval '25 h'`,
  );
  await forgetOldEnrolTokens(world.database.manager);
  expect([await count('ring.enrol_token'), await count('ring.node')]).toEqual([0, 1]);
});

describe('an enrolment token that is revoked', () => {
  const list = (scopes: string[] | null = null, after?: string, limit?: number) =>
    listEnrolTokens(world.database.manager, scopes, after, limit);
  const revoke = (id: string, scope?: string) => world.tokens.revoke(id, scope, world.operator('enroll-token.revoke'));
  const newest = async (): Promise<string> => (await list()).tokens.at(-1)!.id;

  test('opens nothing any more, and who revoked it is in the audit log', async () => {
    const token = await world.token();
    const id = await newest();
    const reply = await revoke(id, MESH_DOMAIN);
    expect(reply).toEqual({ id, scope: MESH_DOMAIN, revoked_at: expect.any(String), node_id: null });
    const refused = { ...OVER, body: { reason: 'revoked' } };
    await expect(world.register({ token })).rejects.toMatchObject(refused);
    // Somebody already did.
    await expect(revoke(id)).resolves.toEqual(reply);
    expect((await list()).tokens).toMatchObject([{ id, state: 'revoked' }]);
    const audit = await world.owner.query<object[]>(`SELECT action, after FROM ring.audit ORDER BY id`);
    expect(audit).toMatchObject([{ action: 'node.enroll-token' }, { action: 'enroll-token.revoke', after: reply }]);
  });

  test('gives no second secret to whom it has let in, and that Node stays', async () => {
    const came = { token: await world.token(), wireguard_key: wireguardKey() };
    const { node_id: nodeId } = await world.register(came);
    await expect(revoke(await newest())).resolves.toMatchObject({ node_id: nodeId });
    await expect(world.register(came)).rejects.toMatchObject({ ...OVER, body: { reason: 'revoked' } });
    await expect(one('SELECT state FROM ring.node')).resolves.toEqual({ state: 'enrolled' });
  });

  test('at the moment in which somebody comes with it: it lets them in, or is over', async () => {
    const token = await world.token();
    const id = await newest();
    const [came, revoked] = await Promise.allSettled([world.register({ token }), revoke(id)]);
    expect(revoked).toMatchObject({ status: 'fulfilled' });
    const { node_id: nodeId } = (revoked as PromiseFulfilledResult<{ node_id: string | null }>).value;
    if (came.status === 'rejected') expect(came.reason).toMatchObject({ ...OVER, body: { reason: 'revoked' } });
    expect(nodeId).toBe(came.status === 'fulfilled' ? came.value.node_id : null);
  });

  test('has to be there, and of the scope that is named', async () => {
    await world.token();
    const unknown = { code: 'NOT_FOUND', body: { field: 'id' } };
    await expect(revoke(randomUUID())).rejects.toMatchObject(unknown);
    await expect(revoke(await newest(), 'platform')).rejects.toMatchObject(unknown);
    expect((await list()).tokens).toMatchObject([{ state: 'valid' }]);
  });

  test('the list tells the states apart, in the order of their ends, page by page, of those scopes that one may see', async () => {
    const used = { token: await world.token(100) };
    await world.token(200);
    await world.token(300, 'platform');
    await world.token(400);
    const { node_id: nodeId } = await world.register(used);
    await revoke(await newest());
    await world.owner.query(
      `UPDATE ring.enrol_token SET created_at = now() - interval '1 h', expires_at = now() - interval '1 s' WHERE scope = 'platform'`,
    );
    const { tokens, next } = await list();
    expect(next).toBeUndefined();
    expect(tokens.map(({ scope, state, node_id }) => [scope, state, node_id])).toEqual([
      ['platform', 'expired', null],
      [MESH_DOMAIN, 'used', nodeId],
      [MESH_DOMAIN, 'valid', null],
      [MESH_DOMAIN, 'revoked', null],
    ]);
    const pages = [];
    for (let after: string | undefined, more = true; more; more = after !== undefined) {
      const page = await list([MESH_DOMAIN], after, 1);
      pages.push(...page.tokens.map(({ id }) => id));
      after = page.next;
    }
    expect(pages).toEqual(tokens.slice(1).map(({ id }) => id));
    await expect(list([MESH_DOMAIN], tokens[0]!.id)).rejects.toMatchObject({ body: { field: 'after' } });
    expect(JSON.stringify(tokens)).not.toContain(hashOf(used.token));
  });
});

test('the same hash twice is refused: whoever drew it has not drawn it at random', async () => {
  const token = { scope: MESH_DOMAIN, hash: hashOf('t'), lifeSeconds: 60 };
  await world.tokens.make(token, world.operator('node.enroll-token'));
  const again = world.tokens.make(token, world.operator('node.enroll-token'));
  await expect(again).rejects.toMatchObject({ code: 'ALREADY_EXISTS', body: { field: 'token_hash' } });
  const unknown = world.tokens.make({ ...token, scope: `domain:${randomUUID()}` }, world.operator('node.enroll-token'));
  await expect(unknown).rejects.toMatchObject({ detail: 'signing: unknown scope' });
});
