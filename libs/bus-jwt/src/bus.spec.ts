// What the credentials allow, tried on a real nats-server in operator mode.
import { connect, type Msg, type NatsConnection, type Subscription } from 'nats';
import type { NatsServer } from '@plexsphere/stack';
import { authenticatorOf, endBus, eventually, loseDisk, refusal, startedBus } from '@plexsphere/testkit';
import {
  accountSubjects,
  EVENT_STREAM,
  inboxPrefix,
  SERVICE_NAMES,
  subjects,
  type BusUser,
  createBusKey,
  type BusKey,
  credsText,
} from '@plexsphere/wire';
import { issueOperator, issueSystemAccount, signAccount } from './accounts';
import { issueAccountPusher, issueUser } from './users';

jest.setTimeout(120_000);

const operatorSeed = createBusKey('operator').seed;
const system = createBusKey('account');
const mesh = createBusKey('account');
const NODE = '11111111-1111-4111-8111-111111111111';
const OTHER_NODE = '22222222-2222-4222-8222-222222222222';
const OPERATOR = '33333333-3333-4333-8333-333333333333';

let server: NatsServer;
let pusher: NatsConnection;
const connections: NatsConnection[] = [];

beforeAll(async () => {
  const systemJwt = issueSystemAccount({ operatorSeed, accountPublicKey: system.publicKey });
  const config = `
    operator: ${issueOperator({ operatorSeed, systemAccountPublicKey: system.publicKey })}
    system_account: ${system.publicKey}
    resolver: { type: full, dir: "./resolver" }
    resolver_preload: { ${system.publicKey}: ${systemJwt} }`;
  server = await startedBus(config);
  const key = createBusKey('user');
  const fields = { systemAccountSeed: system.seed, accountPublicKey: mesh.publicKey, publicKey: key.publicKey };
  pusher = await open(credsText(issueAccountPusher(fields), key.seed), '_INBOX.account-pusher');
});

afterAll(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  await endBus(server);
});

async function open(creds: string, prefix: string): Promise<NatsConnection> {
  const connection = await connect({
    servers: server.url,
    authenticator: authenticatorOf(creds),
    inboxPrefix: prefix,
    reconnect: false,
  });
  connections.push(connection);
  return connection;
}

async function openAs(user: BusUser, key: BusKey = createBusKey('user')): Promise<NatsConnection> {
  const jwt = issueUser({ accountSeed: mesh.seed, user, name: user.kind, publicKey: key.publicKey });
  return open(credsText(jwt, key.seed), inboxPrefix(user));
}

/** Gives the mesh account to the server, with these revocations. */
async function push(revocations: { public_key: string; at: number }[] = []): Promise<string> {
  const jwt = signAccount({ operatorSeed, accountPublicKey: mesh.publicKey, revocations });
  const reply = await pusher.request('$SYS.REQ.CLAIMS.UPDATE', jwt);
  expect(reply.json()).toMatchObject({ data: { code: 200, account: mesh.publicKey } });
  return jwt;
}

/** Texts heard on a subscription so far. */
function heard(subscription: Subscription): string[] {
  const texts: string[] = [];
  void (async () => {
    for await (const message of subscription) texts.push(message.string());
  })().catch(() => undefined); // a refused subscription ends with an error; the server's word is what a test looks at
  return texts;
}

it('admits nobody before the account is there, whatever the credential', async () => {
  await expect(openAs({ kind: 'signer' })).rejects.toMatchObject({ code: 'AUTHORIZATION_VIOLATION' });
});

it('lets the account pusher push and look up that account', async () => {
  const jwt = await push();
  const found = await pusher.request(`$SYS.REQ.ACCOUNT.${mesh.publicKey}.CLAIMS.LOOKUP`);
  expect(found.string()).toBe(jwt);
});

it('S10: lets the account pusher hear who of that account comes and goes, and ask who is there', async () => {
  const subject = accountSubjects(mesh.publicKey);
  const [come, gone] = [heard(pusher.subscribe(subject.connect)), heard(pusher.subscribe(subject.disconnect))];
  await pusher.flush();
  const key = createBusKey('user');
  const node = await openAs({ kind: 'node', id: NODE }, key);
  await eventually(() => come.length > 0);
  expect(JSON.parse(come[0] ?? '')).toMatchObject({ client: { user: key.publicKey } });
  const asked = await pusher.request(subject.connections, JSON.stringify({ auth: true }));
  expect(JSON.stringify(asked.json())).toContain(`"authorized_user":"${key.publicKey}"`);
  await node.close();
  await eventually(() => gone.some((word) => word.includes(key.publicKey)));
});

it.each(['$SYS.>', '$SYS.ACCOUNT.*.CONNECT', '_INBOX.>'])(
  'does not let the account pusher hear %s',
  async (subject) => {
    expect(await refusal(pusher, () => void heard(pusher.subscribe(subject)))).toBe(`subscription ${subject}`);
  },
);

it('carries an event from the relay over the stream to its Node and to no other', async () => {
  const relay = await openAs({ kind: 'outbox-relay' });
  const manager = await relay.jetstreamManager({ checkAPI: false });
  await manager.streams.add({
    name: EVENT_STREAM.name,
    subjects: [EVENT_STREAM.subjects],
    republish: { src: EVENT_STREAM.subjects, dest: EVENT_STREAM.republishTo },
  });
  const node = await openAs({ kind: 'node', id: NODE });
  const other = await openAs({ kind: 'node', id: OTHER_NODE });
  const received = heard(node.subscribe(subjects.nodeEvents(NODE)));
  const receivedByOther = heard(other.subscribe(subjects.nodeEvents(OTHER_NODE)));
  await Promise.all([node.flush(), other.flush()]);
  await relay.jetstream().publish(subjects.eventsOut(NODE), 'for one');
  await relay.jetstream().publish(subjects.eventsOut(OTHER_NODE), 'for the other');
  await eventually(() => received.length === 1 && receivedByOther.length === 1);
  expect([received, receivedByOther]).toEqual([['for one'], ['for the other']]);
});

it('lets a Node say hello and acknowledge to the relay', async () => {
  const relay = await openAs({ kind: 'outbox-relay' });
  const received = heard(relay.subscribe(subjects.nodeHello('*')));
  await relay.flush();
  const node = await openAs({ kind: 'node', id: NODE });
  node.publish(subjects.nodeHello(NODE), 'hello');
  node.publish(subjects.nodeAck(NODE), 'ack');
  await eventually(() => received.length === 1);
});

describe('a Node', () => {
  const connectNode = () => openAs({ kind: 'node', id: NODE });

  it.each([
    subjects.nodeEvents(OTHER_NODE),
    subjects.nodeEvents('*'),
    subjects.eventsOut(NODE),
    subjects.nodeHello(NODE),
    'cmd.>',
    'changed.>',
    '_INBOX.>',
    `${inboxPrefix({ kind: 'node', id: OTHER_NODE })}.>`,
    '$JS.>',
    '$SYS.>',
    '>',
  ])('cannot hear %s', async (subject) => {
    const node = await connectNode();
    expect(await refusal(node, () => void heard(node.subscribe(subject)))).toBe(`subscription ${subject}`);
  });

  it.each([
    subjects.eventsOut(NODE),
    subjects.nodeEvents(NODE),
    subjects.nodeEvents(OTHER_NODE),
    subjects.nodeAck(OTHER_NODE),
    subjects.nodeHello(OTHER_NODE),
    subjects.command(OPERATOR, 'signing.rotate'),
    subjects.anySigner('issue-bus-credential'),
    subjects.renewLease('signer', 'signer-0'),
    `${inboxPrefix({ kind: 'rotation' })}.reply`,
    `$JS.API.CONSUMER.CREATE.${EVENT_STREAM.name}`,
    `$JS.API.STREAM.MSG.GET.${EVENT_STREAM.name}`,
    '$SYS.REQ.CLAIMS.UPDATE',
  ])('cannot publish to %s', async (subject) => {
    const node = await connectNode();
    expect(await refusal(node, () => node.publish(subject))).toBe(`publish ${subject}`);
  });
});

it('lets a Node hear its orders where its token is bound to a Node key, and nobody but rotation give one', async () => {
  const rotation = await openAs({ kind: 'rotation' });
  const [withKey, without] = [
    await openAs({ kind: 'node', id: NODE, hasNodeKey: true }),
    await openAs({ kind: 'node', id: NODE }),
  ];
  const [order, another] = [subjects.nodeOrder(NODE), subjects.nodeOrder(OTHER_NODE)];
  const received = heard(withKey.subscribe(order));
  await withKey.flush();
  rotation.publish(order, 'a nudge');
  await eventually(() => received.length === 1);
  expect(await refusal(without, () => void heard(without.subscribe(order)))).toBe(`subscription ${order}`);
  expect(await refusal(withKey, () => void heard(withKey.subscribe(another)))).toBe(`subscription ${another}`);
  expect(await refusal(withKey, () => withKey.publish(order))).toBe(`publish ${order}`);
  for (const kind of SERVICE_NAMES.filter((name) => name !== 'rotation')) {
    const service = await openAs({ kind });
    expect(await refusal(service, () => service.publish(order))).toBe(`publish ${order}`);
  }
});

it('S10: refuses a Node its ninth subscription, and ends the connection of one that sends too much', async () => {
  const node = await openAs({ kind: 'node', id: NODE });
  const errors: string[] = [];
  void (async () => {
    for await (const { type, data } of node.status()) if (type === 'error') errors.push(String(data));
  })();
  const own = subjects.nodeEvents(NODE);
  for (let n = 0; n < 200; n++) node.subscribe(own);
  await node.flush();
  await eventually(() => errors.length === 192);
  const greedy = await openAs({ kind: 'node', id: OTHER_NODE });
  greedy.publish(subjects.nodeAck(OTHER_NODE), new Uint8Array(16 * 1_024));
  await greedy.flush();
  // The server has told the limit, and a client that heeds it sends no more; this one forgets it.
  const tooMuch = new Uint8Array(100_000);
  expect(() => greedy.publish(subjects.nodeAck(OTHER_NODE), tooMuch)).toThrow('MAX_PAYLOAD_EXCEEDED');
  Object.assign(greedy.info ?? {}, { max_payload: 1_000_000 });
  greedy.publish(subjects.nodeAck(OTHER_NODE), tooMuch);
  // By the server's word or, where that came too late, by the connection's own end.
  expect(await greedy.closed()).toBeDefined();
});

it('answers a request into the inbox of who asked', async () => {
  const signer = await openAs({ kind: 'signer' });
  const rotation = await openAs({ kind: 'rotation' });
  const subject = subjects.anySigner('sign-bus-account');
  signer.subscribe(subject, { callback: (_, message) => void message.respond('signed') });
  await signer.flush();
  expect((await rotation.request(subject)).string()).toBe('signed');
});

it.each([
  subjects.eventsOut(NODE),
  subjects.nodeEvents(NODE),
  subjects.command(OPERATOR, 'token.create'),
  subjects.renewLease('gateway', 'gateway-0'),
  '_INBOX.outbox-relay.token',
  `$JS.API.STREAM.PURGE.${EVENT_STREAM.name}`,
  '$SYS.REQ.CLAIMS.UPDATE',
])('S1: carries no answer of a service to %s, whoever names that as reply subject', async (reply) => {
  const operator = await openAs({ kind: 'operator', id: OPERATOR });
  const rotation = await openAs({ kind: 'rotation' });
  const asked = subjects.command(OPERATOR, 'signing.jwks');
  const arrived = new Promise<Msg>((resolve) => {
    rotation.subscribe(asked, { callback: (_, message) => resolve(message) });
  });
  await rotation.flush();
  operator.publish(asked, '{}', { reply });
  const message = await arrived;
  expect(message.reply).toBe(reply);
  expect(await refusal(rotation, () => message.respond('{}'))).toBe(`publish ${reply}`);
});

it('vouches for the operator: a command goes out under the own id alone', async () => {
  const operator = await openAs({ kind: 'operator', id: OPERATOR });
  const rotation = await openAs({ kind: 'rotation' });
  rotation.subscribe(subjects.everyCommand('*'), { callback: (_, message) => void message.respond(message.subject) });
  await rotation.flush();
  const own = subjects.command(OPERATOR, 'signing.rotate');
  expect((await operator.request(own)).string()).toBe(own);
  const foreign = subjects.command(NODE, 'signing.rotate');
  expect(await refusal(operator, () => operator.publish(foreign))).toBe(`publish ${foreign}`);
});

it.each(SERVICE_NAMES)('lets %s neither hear a Node stream nor publish on one past the stream', async (kind) => {
  const service = await openAs({ kind });
  const subject = subjects.nodeEvents(NODE);
  expect(await refusal(service, () => void heard(service.subscribe(subject)))).toBe(`subscription ${subject}`);
  expect(await refusal(service, () => service.publish(subject))).toBe(`publish ${subject}`);
});

it('refuses a credential that another account key signed', async () => {
  const key = createBusKey('user');
  const accountSeed = createBusKey('account').seed;
  const jwt = issueUser({ accountSeed, user: { kind: 'signer' }, name: 'signer', publicKey: key.publicKey });
  const opening = open(credsText(jwt, key.seed), inboxPrefix({ kind: 'signer' }));
  await expect(opening).rejects.toMatchObject({ code: 'AUTHORIZATION_VIOLATION' });
});

it('cuts a revoked user and keeps it out, and touches nobody else', async () => {
  const revokedKey = createBusKey('user');
  const revoked = await openAs({ kind: 'node', id: NODE }, revokedKey);
  const other = await openAs({ kind: 'node', id: OTHER_NODE });
  const at = Math.floor(Date.now() / 1_000) + 1;
  await push([{ public_key: revokedKey.publicKey, at }]);
  await revoked.closed();
  await other.flush();
  await expect(openAs({ kind: 'node', id: NODE }, revokedKey)).rejects.toMatchObject({
    code: 'AUTHORIZATION_VIOLATION',
  });
});

it('cuts one of two credentials of the same key, revoked at its own second, and keeps the newer one', async () => {
  const key = createBusKey('user');
  const now = Math.floor(Date.now() / 1_000);
  const openAt = (issuedAt: number) => {
    const user = { kind: 'node', id: NODE } as const;
    const jwt = issueUser({ accountSeed: mesh.seed, user, name: 'n', publicKey: key.publicKey, issuedAt });
    return open(credsText(jwt, key.seed), inboxPrefix(user));
  };
  // The newer one is from a second that has not begun: the clock that counts is whose says when they were issued.
  const [older, newer] = [await openAt(now + 9), await openAt(now + 10)];
  await push([{ public_key: key.publicKey, at: now + 9 }]);
  await older.closed();
  await newer.flush();
  await expect(openAt(now + 9)).rejects.toMatchObject({ code: 'AUTHORIZATION_VIOLATION' });
  await (await openAt(now + 10)).flush();
});

it('admits nobody again after the bus lost its disk, until it has the account and its revocations', async () => {
  await server.stop();
  await loseDisk(server);
  await server.start();
  await expect(openAs({ kind: 'signer' })).rejects.toMatchObject({ code: 'AUTHORIZATION_VIOLATION' });
});
