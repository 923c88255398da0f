/**
 * Several events of one claim, on a real bus and a real database, to a real Node: whatever happens between any two of them, it
 * applies each once, in order, and meets no key that it was not told of.
 */
import 'reflect-metadata';
import { Bus } from '@plexsphere/service-kit';
import { eventually } from '@plexsphere/testkit';
import { headers as names, subjects } from '@plexsphere/wire';
import type { NatsConnection } from 'nats';
import { RelayWorld, type WorldNode } from '../testing/relay-world';
import { Publisher } from './publish/publisher';
import { EnvelopeSigner } from './write/envelope-signer';
import type { OutgoingMessage } from './write/message-writer';

jest.setTimeout(240_000);

const EVENTS = 5;
const AFTER = [1, 2, 3, 4];

let world: RelayWorld;
let everything: NatsConnection;
let node: WorldNode;
/** Of this relay's publishes, in their order, what was marked of each once it stood there. */
let published: OutgoingMessage[] = [];
/** Called before each publish, with how many there were. */
let before: (count: number) => Promise<void> = () => Promise.resolve();
let rotations = 0;

beforeAll(async () => {
  world = await RelayWorld.create();
  everything = await world.bus.asEverything();
  const publisher = (await world.relay()).get(Publisher);
  const publish = publisher.publish.bind(publisher);
  jest.spyOn(publisher, 'publish').mockImplementation(async (outgoing, at) => {
    await before(published.length);
    const outcome = await publish(outgoing, at);
    if (outcome.kind === 'stored') published.push(outgoing);
    return outcome;
  });
  node = await world.node(world.domain);
  await node.start();
});
afterAll(() => world.end());

const positionOf = ({ headers }: OutgoingMessage): number => Number(headers[names.position]);
const isOrdinary = ({ marks }: OutgoingMessage): boolean => marks.ordinaryId !== undefined;
const claimEnds = (): Promise<void> => world.mesh.set(node.nodeId, 'claim_deadline = clock_timestamp()');

/** So many that come to be claimed at once, and what became of them. */
async function fiveEvents(between: (count: number) => Promise<void>): Promise<void> {
  await eventually(async () => {
    const stream = await world.mesh.stream(node.nodeId);
    const isTold = stream.told_epoch === world.mesh.of(world.domain).epoch && stream.hello === null;
    return isTold && stream.claim_owner === null && stream.settled_position === stream.last_position;
  });
  const applied = node.applied.length;
  published = [];
  before = between;
  await world.mesh.set(node.nodeId, `claim_deadline = clock_timestamp() + interval '1 min'`);
  const sent: string[] = [];
  for (let i = 0; i < EVENTS; i++) sent.push(await world.mesh.publish(world.domain));
  await claimEnds();
  await eventually(() => node.applied.length >= applied + EVENTS, { describe: 'all being applied' });
  before = () => Promise.resolve();
  await eventually(async () => (await world.mesh.messages(node.nodeId)).every(({ state }) => state === 'settled'));
  expect(node.applied.slice(applied).map(({ eventId }) => eventId)).toEqual(sent);
  expect(node.refused).toEqual([]);
}

test('five events are one claim and one request to a signer, each published behind the one before', async () => {
  const asked = world.signer.asked.length;
  const { attempt } = await world.mesh.stream(node.nodeId);
  await fiveEvents(() => Promise.resolve());
  expect(world.signer.asked.slice(asked)).toEqual(['sign-batch']);
  expect(published).toHaveLength(EVENTS);
  await expect(world.mesh.stream(node.nodeId)).resolves.toMatchObject({ attempt: attempt + 1 });
});

test('a relay whose credential an earlier version made has them signed one by one, since the bus refuses it more', async () => {
  const relay = new EnvelopeSigner(new Bus(await world.bus.asRelayBefore()));
  const asked = world.signer.asked.length;
  const { epoch } = world.mesh.of(world.domain);
  for (let i = 0; i < 2; i++) {
    const wanted = ['a', 'b', 'c'].map((eventId) =>
      relay.sign(world.domain, epoch, { eventId, eventType: 'note', payload: '{}' }),
    );
    const ids = (await Promise.all(wanted)).map((envelope) => (JSON.parse(envelope) as { event_id: string }).event_id);
    expect(ids).toEqual(['a', 'b', 'c']);
  }
  expect(world.signer.asked.slice(asked)).toEqual(new Array(6).fill('sign-envelope'));
});

test.each(AFTER)('P3: a relay that dies when it has published %i, and marked none', async (count) => {
  let died = false;
  await fiveEvents(async (already) => {
    if (died || already < count) return;
    died = true;
    void claimEnds();
    // What it had under way comes to nothing, and nobody marks what it had published.
    await new Promise<never>(() => undefined);
  });
  expect(died).toBe(true);
  // From the first on again, save what the Node had said meanwhile that it has.
  const [first, again] = [published.slice(0, count), published.slice(count)].map((each) => each.map(positionOf));
  expect(again!.at(-1)! - again![0]!).toBe(again!.length - 1);
  expect(again![0]).toBeGreaterThanOrEqual(first![0]!);
  expect(again![0]).toBeLessThanOrEqual(first!.at(-1)! + 1);
});

const rotate = (): Promise<string> => world.mesh.rotate(world.domain, `k-${++rotations}`);
const close = (): Promise<string> => world.mesh.closeRotation(world.domain);
const tell = async (): Promise<void> => {
  const { epoch } = world.mesh.of(world.domain);
  everything.publish(subjects.ringChanged, JSON.stringify({ scope: world.domain, epoch }));
  await everything.flush();
};
const once = (count: number, deed: () => Promise<unknown>) => {
  let done = false;
  return async (already: number): Promise<void> => {
    if (done || already < count) return;
    done = true;
    await deed();
  };
};

describe.each(AFTER)('when %i are published', (count) => {
  afterEach(async () => {
    if (world.mesh.of(world.domain).keys.some(({ state }) => state === 'retiring')) await close();
  });

  test('P1: a rotation that nobody has heard of: the rest goes out by the key that the Node holds', async () => {
    await fiveEvents(once(count, rotate));
    expect(published.slice(0, EVENTS).every(isOrdinary)).toBe(true);
    await eventually(
      async () => (await world.mesh.stream(node.nodeId)).told_epoch === world.mesh.of(world.domain).epoch,
    );
  });

  test('P1: a rotation that was heard of ends them: the announcement goes first', async () => {
    await fiveEvents(
      once(count, async () => {
        await rotate();
        await tell();
        // The relay hears of it on another connection.
        await new Promise((resolve) => setTimeout(resolve, 50));
      }),
    );
    expect(published.map(isOrdinary).indexOf(false)).toBe(count);
    expect(published.filter(isOrdinary)).toHaveLength(EVENTS);
  });

  test('P1: a rotation and its close', async () => {
    await fiveEvents(
      once(count, async () => {
        await rotate();
        await close();
      }),
    );
    await eventually(
      async () => (await world.mesh.stream(node.nodeId)).told_epoch === world.mesh.of(world.domain).epoch,
    );
    expect(node.refused).toEqual([]);
  });

  test('a Node that comes back: what it has not acknowledged it hears again, behind the answer', async () => {
    await fiveEvents(
      once(count, async () => {
        await node.stop();
        await node.begin();
        await eventually(async () => (await world.mesh.stream(node.nodeId)).hello !== null);
      }),
    );
  });
});
