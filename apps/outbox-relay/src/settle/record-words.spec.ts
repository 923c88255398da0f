/** What gateways say of Nodes that read no statement, and what those are sent then: on a real PostgreSQL. */
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { PLATFORM } from '@plexsphere/wire';
import { ClaimWorld, type Claimer } from '../../testing/claim-world';
import type { SeededMesh } from '../../testing/seeded-mesh';
import type { Claim } from '../claim/claims';

jest.setTimeout(60_000);

let world: ClaimWorld;
let mesh: SeededMesh;
let domain: string;
let by: Claimer;
let node: string;
beforeEach(async () => {
  world = await ClaimWorld.create();
  ({ mesh, domain } = world);
  by = world.claimer();
  node = await mesh.httpNode(domain);
});
afterEach(() => world.end());

const publish = () => mesh.publish(domain);
const told = async () => (await world.drain(by)).get(node);
const rows = async () => (await mesh.messages(node)).filter(({ epoch }) => epoch === null);
const positions = async () => (await rows()).map(({ position }) => position);
const outcomes = async () => (await rows()).map(({ state, outcome }) => outcome ?? state);
/** Its first state was taken: it holds what its ring is at. */
const begins = (helloId = 'h1') => world.say(node, { helloId, epoch: mesh.of(domain).trustEpoch, isProven: true });

describe('a Node that has registered', () => {
  test('is sent nothing, whatever there is, until a word says that it has taken a state', async () => {
    await publish();
    await mesh.rotate(domain, 'd2');
    expect(await told()).toBeUndefined();
    await begins();
    expect(await told()).toEqual(['ready', '2']);
    await expect(mesh.stream(node)).resolves.toMatchObject({
      ...{ waits_since: null, settled_epoch: 2, told_epoch: 2, ready_epoch: 2, ready_position: 1, hello: null },
      ...{ first_seen_at: expect.any(Date) },
    });
  });

  test('is pending while its stream waits', async () => {
    await world.say(node, { waits: true });
    await expect(mesh.stream(node)).resolves.toMatchObject({ first_seen_at: null, last_seen_at: expect.any(Date) });
  });
});

describe('news of keys', () => {
  beforeEach(async () => {
    await begins();
    await world.drain(by);
  });

  test('go first, then a ready at the next position, then events above it', async () => {
    await publish();
    await mesh.rotate(domain, 'd2');
    const said = new Map<string, unknown[]>();
    for (;;) {
      const claims = await by.claims.take(10);
      if (claims.length === 0 && !by.claims.hasMore) break;
      for (const claim of claims) {
        const { kind, trustEpoch } = claim.message as { kind: string; trustEpoch: number };
        said.set(claim.node.nodeId, [...(said.get(claim.node.nodeId) ?? []), [kind, trustEpoch]]);
        await world.mark(by, claim);
      }
    }
    expect(said.get(node)).toEqual([
      ['announce', 2],
      ['ready', 2],
      ['ordinary', 2],
    ]);
    expect(await positions()).toEqual([3]);
    await expect(mesh.stream(node)).resolves.toMatchObject({
      ...{ told_epoch: 2, told_since: [1, 2], settled_epoch: 1, ready_position: 2 },
    });
    await begins();
    await expect(mesh.stream(node)).resolves.toMatchObject({ told_epoch: 2, told_since: [2] });
  });

  test('are signed by the key that the Node holds, and say where they lead from', async () => {
    await mesh.rotate(domain, 'd2');
    const claims = await by.claims.take(1);
    expect(claims[0]?.message).toMatchObject({
      kind: 'announce',
      keyId: 'd1',
      from: 1,
      trustEpoch: 2,
      told: { epoch: 2 },
    });
  });

  test('lead over several changes at once: such a Node reads no statement', async () => {
    await mesh.change(domain, (ring) => ring.stage('d2', new Date(), 3_600_000));
    await mesh.change(domain, (ring) => ring.rotate('d2', new Date(), 3_600_000, 30_000));
    expect(await told()).toEqual(['signing_key_rotated', 'ready']);
    await expect(mesh.stream(node)).resolves.toMatchObject({ told_epoch: mesh.of(domain).trustEpoch });
  });

  test('are none of a close, nor of the platform', async () => {
    await mesh.rotate(domain, 'd2');
    await world.drain(by);
    await world.say(node, { epoch: 2, isProven: true });
    await mesh.closeRotation(domain);
    await mesh.rotate(PLATFORM, 'p2');
    expect(await told()).toBeUndefined();
    expect((await world.messages(node)).filter(({ state }) => state !== 'settled')).toEqual([]);
  });

  test('that no key can bring are left to a state: the stream waits, and nothing is claimed again and again', async () => {
    await mesh.rotate(domain, 'd2');
    await mesh.closeRotation(domain);
    await publish();
    expect(await told()).toBeUndefined();
    await expect(mesh.stream(node)).resolves.toMatchObject({ waits_since: expect.any(Date), told_epoch: 1 });
    await mesh.set(node, 'claim_deadline = NULL');
    await expect(world.claimed(by, 10)).resolves.toBe(0);
    await begins('h2');
    expect(await told()).toEqual(['ready', '3']);
  });
});

test('of the platform’s ring its own Nodes are told as of any', async () => {
  node = await mesh.httpNode(PLATFORM);
  await world.say(node, { helloId: 'h1', isProven: true });
  expect(await told()).toEqual(['ready']);
  for (const [keyId, epoch] of [['p2', 2] as const, ['p3', 4] as const]) {
    await mesh.rotate(PLATFORM, keyId);
    expect(await told()).toEqual(['signing_key_rotated', 'ready']);
    await world.say(node, { helloId: `h${epoch}`, epoch, isProven: true });
    expect(await told()).toEqual(['ready']);
    await mesh.closeRotation(PLATFORM);
    expect(await told()).toBeUndefined();
  }
});

describe('a word', () => {
  beforeEach(async () => {
    await begins();
    await publish();
    await publish();
    await world.drain(by);
  });

  test('that asks has everything that is not settled sent again, above a ready that answers it', async () => {
    expect(await positions()).toEqual([2, 3]);
    await publish();
    await world.say(node, { helloId: 'h2' });
    expect(await outcomes()).toEqual(['sent', 'sent', 'unsent']);
    const claims = await by.claims.take(1);
    expect(claims[0]?.message).toMatchObject({ kind: 'ready', helloId: 'h2', position: 4 });
    await world.mark(by, claims[0] as Claim);
    // It has read the ready, and nothing that comes behind it.
    await world.say(node, { helloId: 'h3', epoch: 1, isProven: true, position: 4 });
    expect(await outcomes()).toEqual(['unsent', 'unsent', 'unsent']);
    expect(await told()).toEqual(['ready', '6', '7', '8']);
    expect(await positions()).toEqual([6, 7, 8]);
  });

  test('settles the events up to its position, and nothing behind', async () => {
    await world.say(node, { position: 2 });
    expect(await outcomes()).toEqual(['applied', 'sent']);
    await expect(mesh.stream(node)).resolves.toMatchObject({ settled_position: 2 });
  });

  test('that is proven settles the epoch, and its key event', async () => {
    await mesh.rotate(domain, 'd2');
    await world.drain(by);
    await world.say(node, { epoch: 2, isProven: true });
    const [keyRow] = (await world.messages(node)).filter(({ epoch }) => epoch !== null);
    expect(keyRow).toMatchObject({ state: 'settled', outcome: 'applied' });
    await expect(mesh.stream(node)).resolves.toMatchObject({ settled_epoch: 2, told_epoch: 2 });
  });

  test('sets what the Node was told to what it holds, up or down', async () => {
    await mesh.rotate(domain, 'd2');
    await world.drain(by);
    await world.say(node, { helloId: 'h2', epoch: 1 });
    await expect(mesh.stream(node)).resolves.toMatchObject({ told_epoch: 1 });
    expect((await told())?.slice(0, 2)).toEqual(['signing_key_rotated', 'ready']);
    await mesh.rotate(PLATFORM, 'p2');
    await world.say(node, { helloId: 'h3', epoch: 2 });
    expect((await told())?.[0]).toBe('ready');
  });

  test('that waits has nothing sent until another one, and keeps what it was told', async () => {
    await world.say(node, { waits: true, epoch: 1 });
    await publish();
    await mesh.rotate(domain, 'd2');
    expect(await told()).toBeUndefined();
    await world.say(node, { helloId: 'h4', epoch: 2, isProven: true });
    expect(await told()).toEqual(['ready', '5', '6', '7']);
  });

  test('that was read before the last one that was handled changes nothing', async () => {
    const early = await mesh.now();
    await world.say(node, { helloId: 'h5' });
    const before = await mesh.stream(node);
    expect(await world.say(node, { waits: true, position: 3, readAt: early })).toMatchObject({ handled: 0, stale: 1 });
    expect(await mesh.stream(node)).toEqual(before);
  });

  test.each<[string, object]>([
    ['of an epoch that is not yet', { epoch: 2 }],
    ['of a position that was never given', { position: 4 }],
    ['of a time that is not yet', { readAt: '2999-01-01T00:00:00.000000Z' }],
  ])('%s is refused', async (_, word) => {
    const before = await mesh.stream(node);
    expect((await world.say(node, word)).refused).toHaveLength(1);
    expect(await mesh.stream(node)).toEqual(before);
  });

  test.each<[string, () => Promise<string>]>([
    ['on the bus', () => mesh.node(domain)],
    ['with the SDK', () => mesh.httpNode(domain, 'sdk')],
    ['that is removed', async () => (await mesh.pool.query(`UPDATE ring.node SET state = 'removed'`), node)],
    ['that is none', async () => randomUUID()],
  ])('of a Node %s is nobody’s', async (_, find) => {
    const found = await find();
    const before = await mesh.stream(found).catch(() => undefined);
    expect((await world.say(found, { helloId: 'h6', position: 1 })).refused).toHaveLength(1);
    expect(await mesh.stream(found).catch(() => undefined)).toEqual(before);
  });
});

describe('what was signed before a word that asks', () => {
  test.each(['ordinary', 'announce', 'ready'] as const)('is not marked: %s', async (kind) => {
    await begins();
    if (kind !== 'ready') await world.drain(by);
    await (kind === 'announce' ? mesh.rotate(domain, 'd2') : publish());
    const claims = await by.claims.take(1);
    const early = claims[0] as Claim;
    expect(early.message.kind).toBe(kind);
    await world.say(node, { helloId: 'h2' });
    const before = await mesh.stream(node);
    await world.mark(by, early);
    expect(await mesh.stream(node)).toEqual(before);
    expect(await told()).toEqual(
      kind === 'announce' ? ['signing_key_rotated', 'ready'] : kind === 'ready' ? ['ready', '3'] : ['ready', '4'],
    );
    await expect(mesh.stream(node)).resolves.toMatchObject({ hello: null });
  });
});

test('what was claimed before a word that asks nothing is not marked either: it says what the Node holds', async () => {
  await begins();
  await world.drain(by);
  await mesh.rotate(domain, 'd2');
  const claims = await by.claims.take(1);
  expect(claims[0]?.message).toMatchObject({ kind: 'announce', from: 1 });
  await world.say(node, { epoch: 2, isProven: true });
  const before = await mesh.stream(node);
  await world.mark(by, claims[0] as Claim);
  expect(await mesh.stream(node)).toEqual(before);
  expect(before).toMatchObject({ told_epoch: 2, told_since: [2] });
});

test('nothing is sent to such a Node again because time has passed', async () => {
  await begins();
  await publish();
  await mesh.rotate(domain, 'd2');
  await world.drain(by);
  await expect(mesh.stream(node)).resolves.toMatchObject({ resend_at: null, settled_epoch: 1 });
  await mesh.set(node, `resend_at = clock_timestamp() - interval '1 h', last_seen_at = clock_timestamp()`);
  await expect(world.claimed(by, 10)).resolves.toBe(0);
});

test('what a word of a stream that waits has settled counts as told', async () => {
  await mesh.rotate(domain, 'd2');
  await world.say(node, { epoch: 2, isProven: true, waits: true });
  await expect(mesh.stream(node)).resolves.toMatchObject({ settled_epoch: 2, told_epoch: 2 });
});

describe('positions', () => {
  test('a ready that nobody asked for leaves what was sent where it is, and stands below what was not', async () => {
    await begins();
    await publish();
    await publish();
    await world.drain(by);
    await publish();
    const claims = await by.claims.take(1);
    await by.results.released({ ...(claims[0] as Claim).node, deferMs: 0 });
    expect(await positions()).toEqual([2, 3, 4]);
    await mesh.rotate(domain, 'd2');
    expect(await told()).toEqual(['signing_key_rotated', 'ready', '6']);
    expect(await positions()).toEqual([2, 3, 6]);
    await expect(mesh.stream(node)).resolves.toMatchObject({ ready_position: 5, last_position: 6 });
  });

  test('are in the order of publication, whatever was claimed in vain', async () => {
    await begins();
    await world.drain(by);
    const first = await publish();
    const claims = await by.claims.take(1);
    await by.results.released({ ...(claims[0] as Claim).node, deferMs: 0 });
    const second = await publish();
    await world.drain(by);
    await world.say(node, { helloId: 'h2' });
    await world.drain(by);
    const order = (await rows()).sort((one, other) => Number(one.position) - Number(other.position));
    expect(order.map(({ event_id }) => event_id)).toEqual([first, second]);
  });
});
