/** News of channels on a real bus and a real database: what a member is told is built when it goes out, and for it alone. */
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { eventually } from '@plexsphere/testkit';
import {
  CHANNEL_KEYS_CHANGED,
  PLATFORM,
  headers as names,
  parseEnvelope,
  readKeysChanged,
  subjects,
  unsealSecret,
  type ChannelKeysChanged,
  type Scope,
} from '@plexsphere/wire';
import type { NatsConnection } from 'nats';
import { RelayWorld, type WorldNode } from '../testing/relay-world';
import type { SeededMesh } from '../testing/seeded-mesh';
import { SeededChannel } from '../testing/seeded-channel';
import { Claims } from './claim/claims';
import { Delivery } from './delivery';
import { EventStream } from './publish/event-stream';
import { RingWatch } from './ring-watch';

jest.setTimeout(240_000);

let world: RelayWorld;
let mesh: SeededMesh;
let everything: NatsConnection;
let channel: SeededChannel;
let first: Scope;
let second: Scope;
beforeEach(async () => {
  world = await RelayWorld.create();
  mesh = world.mesh;
  everything = await world.bus.asEverything();
  channel = await SeededChannel.create(mesh.pool);
  channel.servedBy(world.signer);
  [first, second] = channel.rings;
});
afterEach(() => world.end());

interface Heard {
  type: string;
  position: number;
  eventId: string;
  payload: string;
  told?: ChannelKeysChanged;
}

/** A Node's one subscription, or its gateway's. */
function listenAs(nodeId: string, subject = subjects.nodeEvents(nodeId)): Heard[] {
  const heard: Heard[] = [];
  everything.subscribe(subject, {
    callback: (_, message) => {
      const { eventType: type, eventId, payload, scope } = parseEnvelope(message.string());
      const position = Number(message.headers?.get(names.position) ?? '');
      if (type !== CHANNEL_KEYS_CHANGED) return void heard.push({ type, position, eventId, payload });
      expect(scope).toBe(PLATFORM);
      heard.push({ type, position, eventId, payload, told: readKeysChanged(JSON.parse(payload)) });
    },
  });
  return heard;
}

const says = (heard: Heard[]): string[] =>
  heard.map(({ type, told }) => (told === undefined ? type : `${told.scope} ${told.epoch}`));
const wake = (): void => everything.publish(subjects.outboxChanged, '{}');
const until = (condition: () => boolean | Promise<boolean>, describe: string) =>
  eventually(async () => condition(), { describe, timeoutMs: 60_000 });
const states = async (nodeId: string) => (await mesh.messages(nodeId)).map(({ state, outcome }) => outcome ?? state);
const announced = (): number => world.signer.asked.filter((verb) => verb === 'announce-channel').length;
const heldBy = (nodeId: string, epoch = 1) => ({
  ...{ epoch, platform_epoch: epoch },
  heads: { ring: mesh.headAt(mesh.scopeOf(nodeId), epoch), platform: mesh.headAt(PLATFORM, epoch) },
});
const acknowledge = (nodeId: string, position: number): void =>
  everything.publish(subjects.nodeAck(nodeId), JSON.stringify({ ...heldBy(nodeId), position }));
const sayHello = (nodeId: string, position: number, subject = subjects.nodeHello(nodeId)): void =>
  everything.publish(subject, JSON.stringify({ hello_id: randomUUID(), ...heldBy(nodeId), position }));

/** Two members, one a side, which listen. */
async function members(): Promise<{ app: string; web: string; heardByApp: Heard[]; heardByWeb: Heard[] }> {
  const [app, web] = [await mesh.node(PLATFORM), await mesh.node(PLATFORM)];
  await channel.member(app, 'app');
  await channel.member(web, 'web');
  return { app, web, heardByApp: listenAs(app), heardByWeb: listenAs(web) };
}

test('each member hears of its ring in turn, built for it alone, and nothing of it stands in the database', async () => {
  const { app, web, heardByApp, heardByWeb } = await members();
  await mesh.publish(PLATFORM);
  await channel.change(first, app, web);
  await mesh.publish(PLATFORM);
  await world.relay();
  await until(() => heardByApp.length === 3 && heardByWeb.length === 3, 'all of it');
  for (const [nodeId, heard] of [
    [app, heardByApp],
    [web, heardByWeb],
  ] as const) {
    expect(says(heard)).toEqual(['policy_updated', `${first} 2`, 'policy_updated']);
    expect(heard.map(({ position }) => position)).toEqual([1, 2, 3]);
    const { told, eventId } = heard[1]!;
    expect(eventId.startsWith(`${nodeId}/`)).toBe(true);
    expect(told).toMatchObject({ node_id: nodeId, keys: [{ key_id: expect.any(String) as string }] });
    const [{ key_id: keyId, secret } = { key_id: '', secret: '' }] = told!.keys;
    const sealedFor = { scope: first, keyId, epoch: 2, nodeId };
    expect(unsealSecret(secret, channel.pairs.get(nodeId)!.privateKey, sealedFor)).toHaveLength(32);
  }
  expect(announced()).toBe(2);
  expect(heardByApp[1]!.payload).not.toContain(heardByWeb[1]!.told!.keys[0]!.secret);
  const { rows } = await mesh.pool.query(`SELECT FROM outbox.event WHERE event_type = $1 AND payload IS NOT NULL`, [
    CHANNEL_KEYS_CHANGED,
  ]);
  expect(rows).toEqual([]);
});

test('of several that wait the last takes the turn of the first, for each ring and each Node', async () => {
  const { app, web, heardByApp, heardByWeb } = await members();
  await channel.change(first, app, web);
  await mesh.publish(PLATFORM);
  await channel.change(second, app);
  for (let n = 0; n < 3; n++) await channel.change(first, app);
  await world.relay();
  await until(() => heardByApp.length === 3 && heardByWeb.length === 2, 'all of it');
  expect(says(heardByApp)).toEqual([`${first} 5`, 'policy_updated', `${second} 2`]);
  expect(heardByApp.map(({ position }) => position)).toEqual([1, 2, 3]);
  expect(says(heardByWeb)).toEqual([`${first} 5`, 'policy_updated']);
  const rows = await mesh.messages(app);
  expect(rows.map(({ outcome, position }) => [outcome, position])).toEqual([
    ['superseded', null],
    [null, 2],
    [null, 3],
    ['superseded', null],
    ['superseded', null],
    [null, 1],
  ]);
  expect(heardByApp[0]!.eventId).toBe(rows[5]!.event_id);
  acknowledge(app, 3);
  await until(async () => !(await states(app)).includes('sent'), 'all of it settled');
});

test('what has its position is sent, and sent again, built anew; and what came behind it is sent, too', async () => {
  const { app, heardByApp } = await members();
  await channel.change(first, app);
  const relay = await world.relay();
  await until(() => heardByApp.length === 1, 'the first time');
  await relay.stop();
  await channel.change(first, app);
  sayHello(app, 0);
  await world.relay();
  sayHello(app, 0);
  await until(() => heardByApp.length === 4, 'the answer, the first again, and the second');
  expect(says(heardByApp)).toEqual([`${first} 2`, 'stream_ready', `${first} 3`, `${first} 3`]);
  expect(heardByApp.map(({ position }) => position)).toEqual([1, 0, 1, 2]);
  const [once, , again, behind] = heardByApp;
  expect(again!.eventId).toBe(once!.eventId);
  expect(behind!.eventId).not.toBe(once!.eventId);
  expect(new Set([once, again, behind].map((each) => each!.told!.keys[0]!.secret)).size).toBe(3);
});

test('a signer that is behind the ring says nothing: a member would be told that it is none', async () => {
  const { app, heardByApp } = await members();
  await channel.change(first, app);
  channel.servedBy(world.signer, 1);
  await world.relay();
  await until(() => announced() >= 2, 'two answers');
  expect(heardByApp).toEqual([]);
  expect(await states(app)).toEqual(['unsent']);
  channel.servedBy(world.signer);
  await until(() => heardByApp.length === 1, 'the news');
  expect(says(heardByApp)).toEqual([`${first} 2`]);
});

test('an answer under another event’s id is none', async () => {
  const { app, heardByApp } = await members();
  world.signer.otherEventId = `${app}/${randomUUID()}`;
  await channel.change(first, app);
  await world.relay();
  await until(() => announced() >= 2, 'two answers');
  expect(heardByApp).toEqual([]);
  world.signer.otherEventId = undefined;
  await until(() => heardByApp.length === 1, 'the news');
});

test('what was built before the ring went on is let go, and built anew', async () => {
  const { app, heardByApp } = await members();
  const { get } = await world.relay({ listens: false });
  const [stream, claims, delivery, rings] = [get(EventStream), get(Claims), get(Delivery), get(RingWatch)];
  await stream.check();
  await channel.change(first, app);
  const [claim] = await claims.take(1);
  rings.note(first, await channel.change(first, app));
  await delivery.deliver(claim!, stream.created);
  expect(heardByApp).toEqual([]);
  for (const next of await claims.take(1)) await delivery.deliver(next, stream.created);
  await until(() => heardByApp.length === 1, 'the news');
  // What was never sent has no place: both are one.
  expect(says(heardByApp)).toEqual([`${first} 3`]);
  expect(heardByApp.map(({ position }) => position)).toEqual([1]);
  expect(await states(app)).toEqual(['superseded', 'sent']);
});

test('a ring that nobody seals secrets of holds up nothing else, and is told of once somebody does', async () => {
  const { app, heardByApp } = await members();
  const other = await SeededChannel.create(mesh.pool);
  await other.change(other.rings[0], app);
  await mesh.publish(PLATFORM);
  await channel.change(first, app);
  await mesh.publish(PLATFORM);
  await world.relay();
  await until(() => heardByApp.length === 3, 'all else');
  expect(says(heardByApp)).toEqual(['policy_updated', `${first} 2`, 'policy_updated']);
  expect(heardByApp.map(({ position }) => position)).toEqual([1, 2, 3]);
  await mesh.publish(PLATFORM);
  await until(() => heardByApp.length === 4, 'what comes meanwhile');
  other.servedBy(world.signer);
  await until(() => heardByApp.length === 5, 'that ring');
  expect([says(heardByApp)[4], heardByApp[4]!.position]).toEqual([`${other.rings[0]} 2`, 5]);
  // Once it was sent it keeps its place, whoever is there to seal it: what comes behind it waits.
  world.signer.channels.delete(other.rings[0]);
  acknowledge(app, 4);
  await until(async () => (await mesh.stream(app)).settled_position === 4, 'the acknowledgement');
  sayHello(app, 4);
  await mesh.publish(PLATFORM);
  await until(() => says(heardByApp).includes('stream_ready'), 'the answer');
  const { attempt } = await mesh.stream(app);
  await until(async () => (await mesh.stream(app)).attempt > attempt + 1, 'attempts in vain');
  other.servedBy(world.signer);
  const sinceReady = (): string[] => {
    const said = says(heardByApp).map((what, i) => `${heardByApp[i]!.position} ${what}`);
    const behindIt = said.slice(says(heardByApp).lastIndexOf('stream_ready') + 1);
    return [...new Set(behindIt.filter((line) => /^[1-9]/.test(line)))];
  };
  // What is not acknowledged may come again meanwhile.
  await until(() => sinceReady().length >= 2, 'the ring again, and the event');
  expect(sinceReady()).toEqual([`5 ${other.rings[0]} 2`, '6 policy_updated']);
});

describe('a row that rotation never wrote', () => {
  const started = async (scope: Scope): Promise<WorldNode> => {
    const node = await world.node(scope);
    await node.start();
    return node;
  };
  /** Whatever it was, the Node loses nothing but the word of it. */
  const goesOn = async (node: WorldNode, eventId: string): Promise<void> => {
    const { hellos } = node.running.counts;
    await mesh.publish(mesh.scopeOf(node.nodeId));
    wake();
    await until(() => node.applied.some(({ eventType }) => eventType === 'policy_updated'), 'what is behind it');
    const rows = await mesh.messages(node.nodeId);
    expect(rows.find(({ event_id }) => event_id === eventId)).toMatchObject({ state: 'settled', outcome: 'expired' });
    await until(async () => (await states(node.nodeId)).every((state) => state !== 'sent'), 'all of it settled');
    // A hole would have made it ask.
    expect(node.running.counts.hellos).toBe(hellos);
    expect(node.refused).toEqual([]);
  };
  beforeEach(async () => {
    await world.relay();
  });

  test.each<[string, () => Scope]>([
    ['of a channel that there is not', () => 'channel:nowhere:a-to-b'],
    ['of a ring of another kind', () => PLATFORM],
    ['of what is no ring', () => 'nothing'],
  ])('%s', async (_, ring) => {
    const node = await started(PLATFORM);
    const eventId = await channel.tell(ring(), node.nodeId);
    await goesOn(node, eventId);
    expect(announced()).toBe(0);
  });

  test('for a Node of a Domain, which no key of the platform’s tells anything', async () => {
    const node = await started(world.domain);
    await goesOn(node, await channel.tell(first, node.nodeId));
    expect(announced()).toBe(0);
  });

  test('under an id that is not its Node’s: a signer refuses it for ever', async () => {
    const node = await started(PLATFORM);
    await goesOn(node, await channel.tell(first, node.nodeId, randomUUID()));
  });

  test('for a Node that is no member: it is told that it holds nothing', async () => {
    const [node, heard] = await mesh.node(PLATFORM).then((id) => [id, listenAs(id)] as const);
    await channel.tell(first, node);
    wake();
    await until(() => heard.length === 1, 'the news');
    expect(heard[0]!.told).toMatchObject({ node_id: node, keys: [] });
  });

  test('for a Node that reads no statement: what is behind it goes out', async () => {
    const node = await mesh.httpNode(PLATFORM);
    const heard = listenAs(node, subjects.httpEvents(node));
    await channel.tell(first, node);
    const event = await mesh.publish(PLATFORM);
    const word = { hello_id: 's', epoch: 1, is_proven: true, position: null, waits: false };
    everything.publish(subjects.httpWord(node), JSON.stringify({ ...word, read_at: await mesh.now() }));
    await until(() => heard.some(({ eventId }) => eventId === event), 'the event');
    expect(heard.map(({ type }) => type)).toEqual(['stream_ready', 'policy_updated']);
    await until(async () => (await states(node)).join() === 'expired,sent', 'the mark');
  });
});

test('a member over HTTP hears of its rings on its gateway’s subject, and on no other', async () => {
  const node = await mesh.httpNode(PLATFORM, 'sdk');
  await channel.member(node, 'web');
  const [http, bus] = [listenAs(node, subjects.httpEvents(node)), listenAs(node)];
  await channel.change(first, node);
  await world.relay();
  await until(() => http.length === 1, 'the news');
  expect(http[0]).toMatchObject({ position: 1, told: { scope: first, epoch: 2, node_id: node } });
  sayHello(node, 0, subjects.httpHello(node));
  await until(() => http.length === 3, 'the answer, and the news again');
  everything.publish(subjects.httpAck(node), JSON.stringify({ ...heldBy(node), position: 1 }));
  await until(async () => (await states(node)).join() === 'applied', 'the acknowledgement');
  expect(bus).toEqual([]);
});

describe('a member that comes back', () => {
  test('after its news expired: it is told of all its rings again, behind the resync', async () => {
    const { app, heardByApp } = await members();
    await channel.change(first, app);
    await mesh.pool.query(
      `UPDATE outbox.message SET state = 'settled', outcome = 'expired', settled_at = now() WHERE node_id = $1`,
      [app],
    );
    const missed = `'{"position": 1, "count": 1, "since": "2026-03-01T12:00:00.000Z"}'`;
    await mesh.set(app, `missed = ${missed}, last_position = 1`);
    await world.relay();
    sayHello(app, 0);
    await until(() => heardByApp.length === 4, 'the answer, the resync, and both rings');
    expect(says(heardByApp).slice(0, 2)).toEqual(['stream_ready', 'resync']);
    expect(says(heardByApp).slice(2).sort()).toEqual([`${first} 2`, `${second} 1`].sort());
    expect(heardByApp.map(({ position }) => position)).toEqual([0, 1, 2, 3]);
  });

  test('without its store: of what it has acknowledged nothing is sent again, but what it is to hold', async () => {
    const { app, web, heardByApp } = await members();
    await channel.change(first, app);
    const relay = await world.relay();
    await until(() => heardByApp.length === 1, 'the news');
    acknowledge(app, 1);
    await until(async () => (await mesh.stream(app)).settled_position === 1, 'the acknowledgement');
    sayHello(app, 1);
    await until(() => heardByApp.length === 2, 'the answer to one that lost nothing');
    sayHello(app, 0);
    await until(() => heardByApp.length === 5, 'the answer, and both rings');
    expect(says(heardByApp).slice(3).sort()).toEqual([`${first} 2`, `${second} 1`].sort());
    expect(await states(web)).toEqual([]);
    await relay.stop();
  });

  test('one that is no member, and never was, is told of no ring', async () => {
    const node = await mesh.node(PLATFORM);
    const heard = listenAs(node);
    await mesh.set(node, `settled_position = 3, last_position = 3`);
    await world.relay();
    sayHello(node, 0);
    await until(() => heard.length === 1, 'the answer');
    expect(await states(node)).toEqual([]);
    expect(says(heard)).toEqual(['stream_ready']);
  });
});
