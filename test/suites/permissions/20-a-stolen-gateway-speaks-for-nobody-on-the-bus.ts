import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { eventually } from '@plexsphere/testkit';
import { credentialFile, headers, subjects } from '@plexsphere/wire';
import type { NatsConnection } from 'nats';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';
import { admin, askAs, bootstrapFile, dial, known, said } from './hands';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What it may do it does, for a Node over HTTP; of one on the bus the same words change nothing. */
export const step: Step = async (world) => {
  const thief = await dial(world, await bootstrapFile(world, credentialFile('gateway')), { kind: 'gateway' });
  const onBus = known(world, 'edge-2').id;
  const token = randomBytes(24).toString('base64url');
  said(world).push(token);
  expect(await register(thief, sha256(token))).toMatchObject({ code: 'UNAUTHENTICATED' });
  const made = await askAs(world, await admin(world), 'node.enroll-token', {
    ...{ scope: world.domain, token_hash: sha256(token), request_id: randomUUID() },
  });
  expect(made.code).toBe('OK');
  const { body } = await register(thief, sha256(token));
  const overHttp = body['node_id'] as string;

  const before = await recordOf(world, onBus);
  // First those that must change nothing: by the time that the last one has, relays have had them all.
  for (const node of [onBus, overHttp]) await speakFor(thief, node, await timeOf(world));
  await eventually(async () => (await recordOf(world, overHttp))?.['word_at'] !== null, {
    describe: 'a word of the Node over HTTP being counted',
  });
  expect(await recordOf(world, onBus)).toEqual(before);

  for (const [subject, request] of [
    [subjects.httpDeregister(onBus), {}],
    [subjects.httpWireguard(onBus), { new_public_key: randomBytes(32).toString('base64') }],
  ] as const) {
    expect([subject, await ask(thief, subject, request)]).toMatchObject([subject, { code: 'NOT_FOUND' }]);
  }
  expect(await recordOf(world, onBus)).toEqual(before);
  expect(await ask(thief, subjects.httpDeregister(overHttp), {})).toMatchObject({ code: '' });
};

const register = (thief: NatsConnection, token_hash: string): Promise<Answer> =>
  ask(thief, subjects.register, {
    ...{ token_hash, bearer_hash: sha256(randomUUID()), hostname: 'thief' },
    wireguard_key: randomBytes(32).toString('base64'),
  });

interface Answer {
  code: string;
  body: Record<string, unknown>;
}

async function ask(thief: NatsConnection, subject: string, request: object): Promise<Answer> {
  const text = JSON.stringify({ ...request, request_id: randomUUID() });
  const reply = await thief.request(subject, text, { timeout: 20_000 });
  return { code: reply.headers?.get(headers.errorCode) ?? '', body: reply.json() };
}

/** Every word that there is. */
async function speakFor(thief: NatsConnection, node: string, readAt: string): Promise<void> {
  const heads = { ring: 'A'.repeat(43), platform: 'B'.repeat(43) };
  const held = { epoch: 1, platform_epoch: 1, position: 0, heads };
  const word = { hello_id: randomUUID(), epoch: 1, is_proven: true, position: null, waits: false, read_at: readAt };
  const say = (subject: string, body: object): void => thief.publish(subject, JSON.stringify(body));
  say(subjects.httpAck(node), held);
  say(subjects.httpHello(node), { ...held, hello_id: randomUUID() });
  say(subjects.httpCalled, { nodes: [node], streams: [node] });
  say(subjects.httpWord(node), word);
  await thief.flush();
}

async function timeOf(world: World): Promise<string> {
  const [row] = await world.query<{ now: string }>(
    `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now`,
  );
  return row!.now;
}

/** Whatever a word could change; what a Node says of itself meanwhile is not that. */
async function recordOf(world: World, node: string): Promise<Record<string, unknown> | undefined> {
  const [row] = await world.query<Record<string, unknown>>(
    `SELECT n.state, n.wireguard_key, n.bearer_hash, n.bus_public_key, s.listens, s.told_epoch, s.settled_epoch,
            s.waits_since, s.word_at, s.called_at, s.stream_seen_at, s.head, s.forked_at, s.hello_id
       FROM ring.node n JOIN outbox.node_stream s ON s.node_id = n.id WHERE n.id = $1`,
    [node],
  );
  return row;
}
