/** P-1: a chain of any length, in parts that prove nothing by themselves. */
import { CHAIN_STATEMENTS, PLATFORM } from '@plexsphere/wire';
import { SessionHarness } from '../../testing/session-harness';
import { TestMesh } from '../../testing/test-mesh';

jest.setTimeout(120_000); // many signatures, on a machine that may be busy

const START = new Date('2026-03-01T12:00:00Z');
const scopes = [undefined, PLATFORM];

let mesh: TestMesh;
let node: SessionHarness;

async function begin(scope?: string): Promise<void> {
  mesh = await TestMesh.create(START, scope);
  node = await SessionHarness.create(mesh);
  node.session.connected();
}

beforeEach(() => jest.useFakeTimers({ now: START }));
afterEach(() => {
  node.session.stop();
  jest.useRealTimers();
});

const slept = async (rotations: number): Promise<void> => {
  for (let n = 0; n < rotations; n += 1) await mesh.ring.rotate(`key-${n + 2}`, START);
};

/** What a relay sends: at most `size` statements a part, the bundle with the last. */
async function parts(size: number): Promise<string[]> {
  const isPlatforms = mesh.ring === mesh.platform;
  const all = mesh.ring.statementsSince(1);
  const lists: string[][] = [];
  for (let from = 0; from < all.length || lists.length === 0; from += size) lists.push(all.slice(from, from + size));
  const bundle = await mesh.bundle(new Date());
  return lists.map((list, index) => {
    const statements = isPlatforms ? [] : list;
    const platform_statements = isPlatforms ? list : [];
    const end = index === lists.length - 1 ? { bundle } : { more: true };
    return JSON.stringify({ platform_statements, statements, ...end });
  });
}

const sendAll = async (texts: string[]): Promise<void> => {
  for (const text of texts) await node.chain(text);
};
const active = () => node.session.state.ring.activeKeyId;

describe.each(scopes)('a Node of %s', (scope) => {
  test.each([1, 2, 3, 7])('P-1: seven statements, %i a part', async (size) => {
    await begin(scope);
    await slept(7);
    await sendAll(await parts(size));
    expect(active()).toBe('key-8');
    expect(node.session.state.platform.activeKeyId).toBe(scope === PLATFORM ? 'key-8' : 'platform-1');
    await node.ready();
    await node.event(1);
    expect(node.handledIds).toEqual(['event-1']);
    expect(node.hellos).toHaveLength(1);
  });

  test('P-1: 257 statements, as many a part as there may be', async () => {
    await begin(scope);
    await slept(257);
    const [first, second] = await parts(CHAIN_STATEMENTS);
    await node.chain(first!);
    await node.chain(second!);
    expect(active()).toBe('key-258');
  });

  test('P-1: more statements than a message may have are refused, unread', async () => {
    await begin(scope);
    await slept(CHAIN_STATEMENTS + 1);
    await sendAll(await parts(CHAIN_STATEMENTS + 1));
    expect(node.refused).toEqual([{ reason: 'malformed' }]);
  });
});

describe('a part without a bundle', () => {
  let first: string;
  let second: string;

  beforeEach(async () => {
    await begin();
    await slept(2);
    [first, second] = (await parts(1)) as [string, string];
  });

  test('changes nothing that the Node holds or keeps, and is acknowledged by nobody', async () => {
    const before = node.session.state;
    await node.chain(first);
    await node.flushed();
    expect(node.session.state).toBe(before);
    expect([node.saves, node.acks.length]).toEqual([0, 0]);
  });

  test('lends no key: an envelope by one that it introduced is not taken', async () => {
    await node.ready();
    await node.chain(first);
    await node.event(1, { by: mesh.ring.retiring! });
    expect(node.handled).toEqual([]);
    expect(node.hellos).toHaveLength(2);
  });

  const between: [string, () => void | Promise<void>][] = [
    ['an event', () => node.event(1)],
    ['an announcement', () => node.keyEvent(mesh.ring.rotatedEvent(START))],
    ['the answer to the hello', () => node.ready()],
    ['a message of no known kind', () => node.send({ kind: 'polite', text: '' })],
    ['a message that is lost', () => node.lose()],
    ['a new connection', () => (node.session.disconnected(), node.session.connected())],
    ['a restart', () => (node.crash(), node.session.connected())],
  ];

  test.each(between)('is forgotten when %s comes before the next, and the Node asks anew', async (_, what) => {
    const hellos = node.hellos.length;
    await node.chain(first);
    await what();
    await node.chain(second);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(active()).toBe('key-1');
    expect(node.hellos.length).toBeGreaterThan(hellos);
    expect(node.lastHello).toMatchObject({ epoch: 1 });
    await sendAll([first, second]);
    expect(active()).toBe('key-3');
  });

  test('is passed over when it comes again, as after a relay that died', async () => {
    await sendAll([first, first, second]);
    expect(active()).toBe('key-3');
    expect(node.refused).toEqual([]);
  });

  test.each<[string, object]>([
    ['a bundle and more to come', { more: true }],
    ['neither', { bundle: undefined }],
    ['a word that is not `true`', { bundle: undefined, more: 'yes' }],
  ])('%s is malformed', async (_, members) => {
    await node.chain(await mesh.chain(START, { epoch: 1, platformEpoch: 1 }, members));
    expect(node.refused).toEqual([{ reason: 'malformed' }]);
  });
});
