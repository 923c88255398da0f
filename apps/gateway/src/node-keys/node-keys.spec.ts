// Proofs by Node keys over HTTP: what the gateway looks at itself, what it carries to rotation, and what comes back.
import { createHash, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@plexsphere/testkit';
import { createBusKey, enrolledNodeId, headers as names, problem, subjects, type ProblemName } from '@plexsphere/wire';
import { nodeKeyOf, signKeyChange, signProof, type NodeKey } from '@plexsphere/wire/jws';
import { headers as natsHeaders, type Msg, type Subscription } from 'nats';
import { GatewayWorld } from '../../testing/gateway-world';
import { Strangers } from '../views/strangers';

jest.setTimeout(120_000);

const folder = temporaryFolder();
const CA = join(folder, 'bus-ca.pem');
const PROXY = '10.1.0.0/16';

let world: GatewayWorld;
beforeAll(async () => {
  writeFileSync(CA, 'a certificate');
  world = await GatewayWorld.make({
    ...{ nodeBusServers: 'tls://bus-1:4222,tls://bus-2:4222', nodeBusCaFile: CA },
    ...{ nodeGateways: 'https://gateway.example.com', trustedProxies: `127.0.0.1,${PROXY}` },
  });
});
afterAll(() => world.end());

const newKey = (): NodeKey => nodeKeyOf(createBusKey('user').seed)!;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const told = async (response: Response) => [response.status, ((await response.json()) as { code: string }).code];

const node = { id: randomUUID(), key: newKey() };
const AUDIENCE = createBusKey('account').publicKey;
const soon = () => Math.floor(Date.now() / 1_000) + 60;
const ofNode = () => ({ aud: AUDIENCE, exp: soon(), node_id: node.id });
const ofGeneration = () => ({ ...ofNode(), generation: 1 });
const ask = (key = node.key) => signProof('ask', { ...ofNode(), failed: null }, key);

const listening: Subscription[] = [];
afterEach(async () => {
  for (const subscription of listening.splice(0)) subscription.unsubscribe();
  await world.others.flush();
});

/** Rotation, as it answers there for this test; what it was asked is kept. */
async function rotation(subject: string, reply: object | ProblemName): Promise<Record<string, unknown>[]> {
  const asked: Record<string, unknown>[] = [];
  const callback = (_: unknown, message: Msg): void => {
    asked.push({ subject: message.subject, ...message.json<object>() });
    if (typeof reply !== 'string') return void message.respond(JSON.stringify(reply));
    const refused = problem(reply, { now: '2026-01-01T00:00:00Z' });
    const headers = natsHeaders();
    headers.set(names.errorCode, refused.code);
    message.respond(JSON.stringify(refused.body), { headers });
  };
  listening.push(world.others.subscribe(subject, { callback }));
  await world.others.flush();
  return asked;
}

/** From an address of its own, so that its failures are counted apart. */
let addresses = 0;
const from = (address = `10.2.0.${++addresses}`) => ({ 'x-forwarded-for': address });
const show = (proof: string, headers: Record<string, string> = from()) =>
  world.get(`/v1/nodes/${node.id}/key`, { headers: { [names.proof]: proof, ...headers } });
const post = (path: string, body: unknown, headers: Record<string, string> = from()) =>
  world.post(`/v1/nodes/${node.id}/${path}`, body, headers);

describe('a proof', () => {
  const change = () => signKeyChange(ofGeneration(), { old: node.key, new: newKey() });
  const confirm = () => signProof('key-confirm', { ...ofGeneration(), token_hash: sha256('t') }, node.key);
  const token = () => signProof('token', { ...ofGeneration(), token_hash: sha256('t'), replace: true }, node.key);
  const logout = () => signProof('logout', ofGeneration(), node.key);

  it.each([
    ['of a question', 'key', ask, (proof: string) => show(proof)],
    ['of a key change', 'key', change, (proof: string) => post('key', { proof })],
    ['of a confirmation', 'confirm', confirm, (proof: string) => post('key/confirm', { proof })],
    ['of a token', 'token', token, (proof: string) => post('token', { proof })],
    ['of a farewell', 'logout', logout, (proof: string) => post('logout', { proof })],
  ] as const)('%s is carried to rotation as it is, and the answer back', async (_, verb, make, call) => {
    const subject = subjects.httpNodeKey(node.id, verb);
    const asked = await rotation(subject, { answer: verb });
    const proof = await make();
    const response = await call(proof);
    expect([response.status, await response.json()]).toEqual([200, { answer: verb }]);
    expect(asked).toEqual([{ subject, proof }]);
  });

  it.each([
    ['that is none', () => 'a.b.c', 'proof_invalid'],
    ['that is longer than any', () => `${'x'.repeat(5_000)}`, 'proof_invalid'],
    ['of another kind', logout, 'proof_invalid'],
    [
      'whose signature is another’s',
      async () => {
        const [own, other] = await Promise.all([ask(), ask(newKey())]);
        return [...own.split('.').slice(0, 2), other.split('.')[2]].join('.');
      },
      'proof_invalid',
    ],
  ])('%s is refused here, and rotation is not asked', async (_, make, code) => {
    const asked = await rotation('http.*.*', {});
    const response = await show(await make());
    expect(response.headers.get('www-authenticate')).toBe(names.proof);
    expect(await told(response)).toEqual([401, code]);
    expect(asked).toEqual([]);
  });

  it('of a key change in which old and new say different things is refused here', async () => {
    const [one, other] = [newKey(), newKey()];
    const said = ofGeneration();
    const inner = await signProof(
      'key-possession',
      { ...said, old_key: node.key.keyId, new_key: one.keyId, generation: 2 },
      one,
    );
    const asked = await rotation('http.*.*', {});
    const outer = { ...said, old_key: node.key.keyId, new_key: one.keyId, possession: inner };
    expect(await told(await post('key', { proof: await signProof('key-change', outer, node.key) }))).toEqual([
      ...[400, 'proofs_disagree'],
    ]);
    const foreign = { ...outer, new_key: other.keyId };
    expect(await told(await post('key', { proof: await signProof('key-change', foreign, node.key) }))).toEqual([
      ...[400, 'proofs_disagree'],
    ]);
    expect(asked).toEqual([]);
  });

  it.each([
    ['no header', () => world.get(`/v1/nodes/${node.id}/key`), [401, 'not_authenticated']],
    ['a bearer', () => world.as({ secret: 'x'.repeat(32) }, `/v1/nodes/${node.id}/key`), [401, 'not_authenticated']],
    ['no proof in a body', () => post('token', {}), [401, 'not_authenticated']],
    ['a number for a proof', () => post('token', { proof: 7 }), [401, 'proof_invalid']],
    ['no object', () => post('token', '[]'), [401, 'not_authenticated']],
    ['no body', () => world.get(`/v1/nodes/${node.id}/token`, { method: 'POST' }), [401, 'not_authenticated']],
    ['a longer body than any', () => post('token', ' '.repeat(70_000)), [413, 'request_too_large']],
    [
      'a Node that nobody could be',
      async () => world.get('/v1/nodes/nobody/key', { headers: { [names.proof]: await ask() } }),
      [401, 'not_authenticated'],
    ],
  ] as const)('%s is none', async (_, call, expected) => {
    expect(await told(await call())).toEqual(expected);
  });
});

it.each([
  ['notAuthenticated', 401],
  ['proofStale', 401],
  ['wrongAudience', 401],
  ['nodeRevoked', 403],
  ['nodeKeySuperseded', 403],
  ['generationMismatch', 409],
  ['tokenMismatch', 409],
  ['nodeKeyInUse', 409],
  ['revocationListFull', 429],
  ['scopeBusy', 503],
] as const)('a refusal by rotation reaches the Node under its own word: %s', async (name, status) => {
  await rotation(subjects.httpNodeKey(node.id, 'token'), name);
  const proof = await signProof('token', { ...ofGeneration(), token_hash: sha256('t'), replace: false }, node.key);
  const response = await post('token', { proof });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ detail: problem(name).detail, now: '2026-01-01T00:00:00Z' });
});

it('without rotation the Node hears that it will pass', async () => {
  expect((await show(await ask())).status).toBe(503);
});

it('whoever shows proofs that are none is told to wait, and whoever shows the right one from there is let in', async () => {
  await rotation(subjects.httpNodeKey(node.id, 'key'), {});
  const crowd = from('10.3.0.1');
  const codes: unknown[] = [];
  for (let n = 0; n < 21; n++) codes.push((await told(await show('a.b.c', crowd)))[1]);
  expect(codes).toEqual([...Array<string>(20).fill('proof_invalid'), 'too_often']);
  expect((await show('a.b.c', crowd)).headers.get('retry-after')).toMatch(/^\d+$/);
  expect((await show(await ask(), crowd)).status).toBe(200);
  expect(await told(await show('a.b.c', from('10.3.0.2')))).toEqual([401, 'proof_invalid']);
});

it('a clock that is wrong counts for no failure', async () => {
  await rotation(subjects.httpNodeKey(node.id, 'key'), 'proofStale');
  const late = from('10.3.0.3');
  for (let n = 0; n < 25; n++) expect(await told(await show(await ask(), late))).toEqual([401, 'proof_stale']);
});

it('a Node that is known stands behind no crowd of keys that are nobody’s', async () => {
  await rotation(subjects.httpNodeKey(node.id, 'key'), {});
  expect((await show(await ask())).status).toBe(200);
  const { keys } = world.gateway.get(Strangers);
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const crowd = Array.from({ length: 40 }, () => keys.run(() => held));
  expect((await show(await ask())).status).toBe(200);
  const stranger = show(await ask(newKey()));
  expect(await Promise.race([stranger.then(() => 'let in'), show(await ask()).then(() => 'before it')])).toBe(
    'before it',
  );
  release();
  await Promise.all([...crowd, stranger]);
});

describe('an enrolment', () => {
  const token = 'a-token-of-an-operators';
  const enroll = (body: unknown) => world.post('/v1/edge/enroll', body, from());
  const proofFor = (shown: string, key: NodeKey) =>
    signProof('enroll', { aud: sha256(shown), exp: soon(), name: 'edge' }, key);

  it('reaches rotation under the name that token and key have, and the Node is told where the mesh is', async () => {
    const key = newKey();
    const asked = await rotation('http.*.enroll', { node_id: 'x', token: 'jwt' });
    const proof = await proofFor(token, key);
    const response = await enroll({ token, proof });
    expect([response.status, await response.json()]).toEqual([
      200,
      {
        ...{ node_id: 'x', token: 'jwt' },
        ...{ servers: ['tls://bus-1:4222', 'tls://bus-2:4222'], bus_ca: 'a certificate' },
        gateways: ['https://gateway.example.com'],
      },
    ]);
    const subject = subjects.httpNodeKey(enrolledNodeId(sha256(token), key.keyId), 'enroll');
    // The token itself goes no further than this.
    expect(asked).toEqual([{ subject, proof, token_hash: sha256(token) }]);
  });

  it.each([
    ['without a proof', async () => ({ token }), [401, 'not_authenticated']],
    ['without a token', async () => ({ proof: await proofFor(token, newKey()) }), [400, 'invariant_violation']],
    [
      'with a token that is none',
      async () => ({ token: 'a b', proof: await proofFor('a b', newKey()) }),
      [401, 'not_authenticated'],
    ],
    [
      'with a proof for another token',
      async () => ({ token, proof: await proofFor('another', newKey()) }),
      [401, 'wrong_audience'],
    ],
    ['with a proof of another kind', async () => ({ token, proof: await ask() }), [401, 'proof_invalid']],
  ])('%s is refused here, and uses up nothing', async (_, body, expected) => {
    const asked = await rotation('http.*.enroll', {});
    expect(await told(await enroll(await body()))).toEqual(expected);
    expect(asked).toEqual([]);
  });

  it('is refused by rotation’s own word', async () => {
    await rotation('http.*.enroll', 'enrolTokenOver');
    const key = newKey();
    expect(await told(await enroll({ token, proof: await proofFor(token, key) }))).toEqual([401, 'enrol_token_over']);
  });
});

it('answers are counted by what was asked, where two ways share a path', async () => {
  await rotation(subjects.httpNodeKey(node.id, 'key'), {});
  await show(await ask());
  await post('key', { proof: await signKeyChange(ofGeneration(), { old: node.key, new: newKey() }) });
  const text = await (await world.get('/metrics')).text();
  for (const route of ['nodeKey', 'changeNodeKey']) expect(text).toContain(`{route="${route}",status="200"}`);
});
