// Who is let in and what they get, by the gateway's own role on PostgreSQL; rotation and the relays listen on a real bus.
import { randomUUID } from 'node:crypto';
import { eventually } from '@plexsphere/testkit';
import { headers as names, problem, subjects, type ProblemName } from '@plexsphere/wire';
import { headers as natsHeaders, type Msg, type Subscription } from 'nats';
import { DOMAIN, GatewayWorld, KEY, type TestNode } from '../../testing/gateway-world';

jest.setTimeout(120_000);

let world: GatewayWorld;
let node: TestNode;
beforeAll(async () => {
  world = await GatewayWorld.make();
  node = await world.addNode(DOMAIN);
});
afterAll(() => world.end());

const state = (of: TestNode, as: Pick<TestNode, 'secret'> = of) => world.as(as, `/v1/nodes/${of.id}/state`);
const told = async (response: Response) => [response.status, ((await response.json()) as { code: string }).code];

const listening: Subscription[] = [];
afterEach(async () => {
  for (const subscription of listening.splice(0)) subscription.unsubscribe();
  await world.others.flush();
});

/** Whoever answers what the gateway says there, for this test; what it said is kept. */
async function answering(subject: string, reply: object | ProblemName): Promise<Record<string, unknown>[]> {
  const said: Record<string, unknown>[] = [];
  const callback = (_: unknown, message: Msg): void => {
    said.push({ subject: message.subject, ...message.json<object>() });
    if (typeof reply !== 'string') return void message.respond(JSON.stringify(reply));
    const refused = problem(reply);
    const headers = natsHeaders();
    headers.set(names.errorCode, refused.code);
    message.respond(JSON.stringify(refused.body), { headers });
  };
  listening.push(world.others.subscribe(subject, { callback }));
  await world.others.flush();
  return said;
}

describe('who calls', () => {
  it('an unknown Node and a wrong bearer learn the same, and nothing', async () => {
    const stranger = { id: randomUUID(), secret: 'x'.repeat(32) };
    const other = await world.addNode(DOMAIN);
    for (const response of [
      await state(stranger),
      await state(node, stranger),
      await state(node, other),
      await world.get(`/v1/nodes/${node.id}/state`),
      await world.get(`/v1/nodes/${node.id}/state`, { headers: { authorization: node.secret } }),
      await world.get(`/v1/nodes/${node.id}/state`, { headers: { authorization: `Basic ${node.secret}` } }),
      await state({ ...node, id: 'nobody' }),
      await state({ ...node, id: "' OR ''='" }),
    ]) {
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await told(response)).toEqual([401, 'not_authenticated']);
    }
  });

  it.each(['removed', 'revoked'])('a Node that was %s is told so, with its own bearer alone', async (end) => {
    const gone = await world.addNode(DOMAIN, { state: end });
    expect(await told(await state(gone))).toEqual([403, `node_${end}`]);
    expect(await told(await state(gone, node))).toEqual([401, 'not_authenticated']);
  });

  it('is looked up at each call: whoever is removed is out with the next one', async () => {
    const leaving = await world.addNode(DOMAIN);
    expect((await state(leaving)).status).toBe(200);
    await world.query(`UPDATE ring.node SET state = 'removed' WHERE id = $1`, [leaving.id]);
    expect((await state(leaving)).status).toBe(403);
  });

  it('whoever asks for states without an end is asked to wait, since each is kept by every gateway', async () => {
    const restless = await world.addNode(DOMAIN);
    const answers: Response[] = [];
    for (let i = 0; i < 31; i++) answers.push(await state(restless));
    expect(answers.slice(0, 30).map(({ status }) => status)).toEqual(Array<number>(30).fill(200));
    expect(answers[30]?.headers.get('retry-after')).toBe('5');
    expect(await told(answers[30]!)).toEqual([429, 'too_often']);
    await world.as(restless, `/v1/nodes/${restless.id}/drift`, { method: 'POST' });
    expect((await state(restless)).status).toBe(200);
  });

  it('a Node on the bus has no door here, whatever it shows', async () => {
    const id = randomUUID();
    await world.query(`INSERT INTO ring.node (id, scope, name, bus_public_key) VALUES ($1, $2, 'on-the-bus', $3)`, [
      ...[id, DOMAIN, `U${id}`],
    ]);
    expect(await told(await state({ id, secret: '' }))).toEqual([401, 'not_authenticated']);
  });

  it('the first call of a Node is told to the relays at once', async () => {
    const said = await answering(subjects.httpCalled, {});
    const first = await world.addNode(DOMAIN, { called: false });
    await state(first);
    await eventually(() => said.some(({ nodes }) => Array.isArray(nodes) && nodes.includes(first.id)));
  });

  it('an id may be written in capitals', async () => {
    expect((await state({ ...node, id: node.id.toUpperCase() }, node)).status).toBe(200);
  });
});

describe('what it gets', () => {
  it('the keys to verify by, in the members that its daemon reads', async () => {
    const publicKey = world.rings.of(DOMAIN).view().keys[0]?.public_key;
    const answer = await state(node);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.json()).toEqual({
      ...{ peers: [], policies: [], metadata: {}, data: [], secret_refs: [] },
      signing_keys: { current: publicKey },
    });
  });

  it.each([
    ['heartbeat', 'POST', 200],
    ['report', 'POST', 204],
    ['drift', 'POST', 204],
    ['capabilities', 'PUT', 204],
    ['endpoint', 'PUT', 200],
  ])('%s takes whatever a daemon says, and nothing at all', async (call, method, status) => {
    const headers = { 'content-type': 'application/json' };
    for (const body of ['{}', 'null', '{"node_id":"","corrections":null,"unknown":{"a":[1]}}', '[]', '""']) {
      const response = await world.as(node, `/v1/nodes/${node.id}/${call}`, { method, body, headers });
      expect([body, response.status]).toEqual([body, status]);
    }
    const bare = await world.as(node, `/v1/nodes/${node.id}/${call}`, { method });
    expect(bare.status).toBe(status);
  });

  it('a heartbeat asks for a state while the trust epoch is unproven, and for a key when its time has come', async () => {
    const behind = await world.addNode(DOMAIN);
    const beat = async () => (await world.as(behind, `/v1/nodes/${behind.id}/heartbeat`, { method: 'POST' })).json();
    expect(await beat()).toEqual({ reconcile: false, rotate_keys: false });
    await world.query(`UPDATE outbox.node_stream SET settled_epoch = 0 WHERE node_id = $1`, [behind.id]);
    const want = (at: string) =>
      world.query(`UPDATE ring.node SET wireguard_key_wanted_at = now() + $2::interval WHERE id = $1`, [behind.id, at]);
    await want('1 hour');
    expect(await beat()).toEqual({ reconcile: true, rotate_keys: false });
    await want('-1 second');
    expect(await beat()).toEqual({ reconcile: true, rotate_keys: true });
  });

  it('an acknowledgement goes on to the relays as it is, and what is none does not', async () => {
    const sdk = await world.addNode(DOMAIN, { listens: 'sdk' });
    const said = await answering(subjects.httpAck(sdk.id), {});
    const ack = { epoch: 3, platform_epoch: 2, position: 7, heads: { ring: 'A'.repeat(43), platform: 'B'.repeat(43) } };
    const post = (body: object) =>
      world.post(`/v1/nodes/${sdk.id}/ack`, body, { authorization: `Bearer ${sdk.secret}` });
    expect((await post({ ...ack, heads: { ...ack.heads, ring: 'x' } })).status).toBe(400);
    expect((await post({ ...ack, position: -1 })).status).toBe(400);
    expect((await post({ ...ack, unknown: 1 })).status).toBe(204);
    await eventually(() => said.length > 0);
    expect(said).toEqual([{ subject: `http.${sdk.id}.ack`, ...ack }]);
  });

  it.each(['ack', 'hello'])('a daemon says nothing by %s: it is told so, and no relay hears of it', async (call) => {
    const subject = call === 'ack' ? subjects.httpAck(node.id) : subjects.httpHello(node.id);
    const said = await answering(subject, {});
    const heads = { ring: 'A'.repeat(43), platform: 'B'.repeat(43) };
    const body = { hello_id: randomUUID(), epoch: 1, platform_epoch: 1, position: 0, heads };
    const answer = await world.post(`/v1/nodes/${node.id}/${call}`, body, { authorization: `Bearer ${node.secret}` });
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { code: 'invariant_violation', field: 'listens' },
    ]);
    await world.others.flush();
    expect(said).toEqual([]);
  });
});

describe("what a channel's member reports", () => {
  const ring = {
    ...{ scope: 'channel:chat:app-to-web', epoch: 3, keys: [{ key_id: 'key-1', proof: `${'A'.repeat(43)}=` }] },
    ...{ period_from: '2026-11-22T10:00:00Z', period_seconds: 61, last_signed: null, last_verified: null },
    ...{ alone: [{ key_id: 'key-1', at: '2026-11-22T10:00:30Z' }], refusals: { stale: 2 } },
  };
  const reply = { rings: [{ scope: ring.scope, epoch: 4, proven: ['key-1'], refused: [] }] };
  const report = (body: object, as: Pick<TestNode, 'secret'> = node) =>
    world.post(`/v1/nodes/${node.id}/channel`, body, { authorization: `Bearer ${as.secret}` });

  it('goes to rotation as it is, under the name of the Node whose bearer was shown, and the answer comes back', async () => {
    const said = await answering(subjects.httpChannel('*'), reply);
    const other = await world.addNode(DOMAIN);
    expect((await report({ rings: [ring] }, other)).status).toBe(401);
    expect(said).toEqual([]);
    const answer = await report({ rings: [ring] });
    expect([answer.status, await answer.json()]).toEqual([200, reply]);
    expect(said).toEqual([{ subject: `http.${node.id}.channel`, rings: [ring] }]);
  });

  it('may be that it holds nothing', async () => {
    const said = await answering(subjects.httpChannel('*'), { rings: [] });
    expect((await report({ rings: [] })).status).toBe(200);
    expect(said).toEqual([{ subject: `http.${node.id}.channel`, rings: [] }]);
  });

  it.each<[string, object]>([
    ['no list of rings', {}],
    ['three', { rings: ['a', 'b', 'c'].map((side) => ({ ...ring, scope: `channel:chat:${side}-to-web` })) }],
    ['one of another kind', { rings: [{ ...ring, scope: 'platform' }] }],
    ['what is no proof', { rings: [{ ...ring, keys: [{ key_id: 'key-1', proof: 'x' }] }] }],
    ['a reason that is a text', { rings: [{ ...ring, refusals: { 'Not today': 1 } }] }],
    ['a member that is not ours', { rings: [ring], node_id: node?.id ?? '', more: 1 }],
  ])('%s is refused here', async (_, body) => {
    const said = await answering(subjects.httpChannel('*'), reply);
    expect(await told(await report(body))).toEqual([400, 'invariant_violation']);
    expect(said).toEqual([]);
  });

  it('a report that rotation would refuse unread is refused here', async () => {
    const padded = { ...ring, more: 'x'.repeat(16_384) };
    expect(await told(await report({ rings: [padded] }))).toEqual([413, 'request_too_large']);
    expect((await report({ rings: [{ ...ring, more: 'x'.repeat(65_536) }] })).status).toBe(413);
  });

  it.each<[ProblemName, number]>([
    ['unknownMember', 404],
    ['databaseUnavailable', 503],
    ['tooManyWaiting', 429],
  ])('where rotation says %s, it hears %i', async (name, status) => {
    await answering(subjects.httpChannel('*'), name);
    expect((await report({ rings: [ring] })).status).toBe(status);
  });
});

describe('coming and going', () => {
  const newcomer = { token: 'a-token', public_key: KEY, hostname: 'box', metadata: { a: 'b' }, capabilities: {} };
  const made = { node_id: randomUUID(), scope: DOMAIN, name: 'box', mesh_ip: '100.64.0.9', signing_public_key: KEY };
  const register = (body: object) => world.post('/v1/register', body);

  it('a Node gets a secret that nobody else is told: rotation hears its hash', async () => {
    const said = await answering(subjects.register, made);
    const replies = await Promise.all([register(newcomer), register(newcomer)]);
    const bodies = await Promise.all(replies.map(async (each) => (await each.json()) as Record<string, string>));
    for (const body of bodies) {
      expect(body).toMatchObject({ ...made, peers: [] });
      expect(body['node_secret_key']).toMatch(/^[A-Za-z0-9_-]{32}$/);
    }
    expect(bodies[0]?.['node_secret_key']).not.toBe(bodies[1]?.['node_secret_key']);
    expect(JSON.stringify(said)).not.toContain(bodies[0]?.['node_secret_key']);
    expect(JSON.stringify(said)).not.toContain(newcomer.token);
    expect(said[0]).toMatchObject({
      token_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      bearer_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      ...{ wireguard_key: KEY, hostname: 'box', listens: 'go' },
    });
  });

  it.each([
    ['no token', { token: undefined }, [400, 'invariant_violation']],
    ['no key', { public_key: undefined }, [400, 'invariant_violation']],
    ['a key of another length', { public_key: 'AAAA' }, [400, 'invariant_violation']],
    ['no name', { hostname: '' }, [400, 'invariant_violation']],
    ['another way to listen', { listens: 'bus' }, [400, 'invariant_violation']],
    ['a token that no plexctl made', { token: 'x'.repeat(513) }, [401, 'not_authenticated']],
    ['a token of other characters', { token: 'x y' }, [401, 'not_authenticated']],
  ])('%s: its shape is looked at before its token', async (_, change, expected) => {
    expect(await told(await register({ ...newcomer, ...change }))).toEqual(expected);
  });

  it.each<[ProblemName, number]>([
    ['notAuthenticated', 401],
    ['enrolTokenOver', 401],
    ['permissionDenied', 403],
    ['unknownScope', 404],
    // What would end its attempt for good, and is none of its faults.
    ['scopeBusy', 503],
    ['epochWentBack', 503],
    ['requestIdReused', 503],
    ['databaseUnavailable', 503],
    ['noMeshAddress', 429],
    ['internal', 500],
  ])('where rotation says %s, it hears %i', async (name, status) => {
    await answering(subjects.register, name);
    expect((await register(newcomer)).status).toBe(status);
  });

  it('while rotation is away it is asked to come again', async () => {
    expect(await told(await register(newcomer))).toEqual([503, 'bus_unavailable']);
  });

  it('a new key goes to rotation under the name of the Node whose bearer was shown', async () => {
    const said = await answering(subjects.httpWireguard('*'), { changed: true });
    const other = await world.addNode(DOMAIN);
    const rotate = (as: TestNode, body: object) =>
      world.post('/v1/keys/rotate', body, { authorization: `Bearer ${as.secret}` });
    expect((await rotate(other, { node_id: node.id, new_public_key: KEY })).status).toBe(401);
    expect((await rotate(node, { new_public_key: KEY })).status).toBe(401);
    expect(await told(await rotate(node, { node_id: node.id, new_public_key: 'short' }))).toEqual([
      400,
      'invariant_violation',
    ]);
    expect(said).toEqual([]);
    expect(await (await rotate(node, { node_id: node.id, new_public_key: KEY })).json()).toEqual({ updated_peers: [] });
    expect(said).toEqual([
      { subject: `http.${node.id}.wireguard`, new_public_key: KEY, request_id: expect.any(String) },
    ]);
  });

  it('whoever leaves is removed, and whoever is gone already has left', async () => {
    for (const reply of [{ removed_at: 'now' }, 'unknownNode'] as const) {
      const leaving = await world.addNode(DOMAIN);
      const said = await answering(subjects.httpDeregister(leaving.id), reply);
      expect((await world.as(leaving, `/v1/nodes/${leaving.id}/deregister`, { method: 'POST' })).status).toBe(204);
      expect(said).toHaveLength(1);
    }
  });
});
