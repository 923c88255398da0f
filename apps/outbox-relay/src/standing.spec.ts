/** What Nodes say of themselves, and what counts of it: on a real PostgreSQL. */
import 'reflect-metadata';
import { ClaimWorld, ack, type Claimer } from '../testing/claim-world';
import type { SeededMesh } from '../testing/seeded-mesh';
import { releaseOtherClaims } from './claim/release-claims';

jest.setTimeout(60_000);

let world: ClaimWorld;
let mesh: SeededMesh;
let domain: string;
let by: Claimer;

beforeEach(async () => {
  world = await ClaimWorld.create();
  ({ mesh, domain } = world);
  by = world.claimer();
});

afterEach(() => world.end());

const stream = (node: string) => mesh.stream(node);

describe('P-4: applied is what a Node holds now', () => {
  test('a Node that lost its store, and says less, counts as applied no more; its positions stay settled', async () => {
    const node = await mesh.node(domain);
    await mesh.rotate(domain, 'd2');
    await mesh.publish(domain);
    await world.drain(by);
    await world.settle(ack(node, 2, 1));
    await expect(stream(node)).resolves.toMatchObject({ settled_epoch: 2, settled_position: 1 });
    await world.hello(node, 'h1', 1);
    await expect(stream(node)).resolves.toMatchObject({ settled_epoch: 1, settled_position: 1 });
    expect((await world.drain(by)).get(node)).toEqual(['signing_key_rotated', 'ready']);
    await world.settle(ack(node, 2, 1));
    await expect(stream(node)).resolves.toMatchObject({ told_epoch: 2, settled_epoch: 2 });
  });

  test('an acknowledgement of before, which comes after such a hello, changes nothing of that', async () => {
    const node = await mesh.node(domain);
    await mesh.rotate(domain, 'd2');
    await world.drain(by);
    await world.hello(node, 'h1', 1);
    await world.settle(ack(node, 2, 0));
    await expect(stream(node)).resolves.toMatchObject({ settled_epoch: 1 });
    expect((await world.drain(by)).get(node)).toEqual(['signing_key_rotated', 'ready']);
  });

  test('nobody has applied what was not sent, though an acknowledgement comes before the mark', async () => {
    const node = await mesh.node(domain);
    await mesh.rotate(domain, 'd2');
    const claims = await by.claims.take(1);
    await world.settle(ack(node, 2, 0));
    await expect(stream(node)).resolves.toMatchObject({ told_epoch: 2, settled_epoch: 2 });
    for (const claim of claims) await world.mark(by, claim);
    await expect(stream(node)).resolves.toMatchObject({ told_epoch: 2, settled_epoch: 2, resend_at: null });
  });
});

describe('P-9: a close is told', () => {
  /** A Node that has applied a rotation of its Domain, which has just been closed. */
  async function nodeBeforeAClose(): Promise<string> {
    const node = await mesh.node(domain);
    await mesh.rotate(domain, 'd2');
    await world.drain(by);
    await world.settle(ack(node, 2, 0));
    await mesh.closeRotation(domain);
    return node;
  }

  test("to Domains' Nodes for the platform's, behind every ordinary event of anybody, and again until it is settled", async () => {
    const [node, busy] = [await mesh.node(domain), await mesh.node(domain)];
    await mesh.rotate('platform', 'p2');
    await world.drain(by);
    for (const each of [node, busy]) await world.settle(ack(each, 1, 0, 2));
    await mesh.closeRotation('platform');
    await mesh.pool.query(
      `WITH event AS (INSERT INTO outbox.event (event_id, scope, event_type) VALUES ('for-one', $2, 'x') RETURNING event_id)
       INSERT INTO outbox.message (node_id, scope, event_id) SELECT $1::uuid, $2, event_id FROM event`,
      [busy, domain],
    );
    const claims = await by.claims.take(1);
    expect(claims.map((claim) => [claim.node.nodeId, claim.message.kind])).toEqual([[busy, 'ordinary']]);
    for (const claim of claims) await world.mark(by, claim);
    expect(await world.drain(by)).toEqual(
      new Map([
        [busy, ['chain']],
        [node, ['chain']],
      ]),
    );
    await mesh.set(node, `resend_at = clock_timestamp()`);
    expect((await world.drain(by)).get(node)).toEqual(['chain']);
    await world.settle(ack(node, 1, 0, 3));
    await expect(stream(node)).resolves.toMatchObject({ settled_platform_epoch: 3, resend_at: null });
  });

  test('to a Node for which there is always an event, too', async () => {
    const node = await nodeBeforeAClose();
    for (let i = 0; i < 200; i++) await mesh.publish(domain);
    // What a busy machine leaves unacknowledged for long is said again.
    const said = [...new Set((await world.drain(by)).get(node))];
    expect(said).toHaveLength(201);
    expect(said.indexOf('chain')).toBeLessThanOrEqual(4 * 32);
  });

  test('and rests while nobody signs bundles, so that ordinary events go on at once', async () => {
    await nodeBeforeAClose();
    await mesh.pool.query(`UPDATE outbox.message SET state = 'sent' WHERE state = 'unsent'`);
    by.claims.restCloseNews();
    await expect(world.claimed(by, 10)).resolves.toBe(0);
    await mesh.publish(domain);
    const claims = await by.claims.take(10);
    expect(claims.map((claim) => claim.message.kind)).toEqual(['ordinary']);
  });
});

describe('a hello', () => {
  test('that repeats itself while it is answered, or has crossed its answer, asks for nothing new', async () => {
    const node = await mesh.node(domain);
    await mesh.rotate(domain, 'd2');
    await world.hello(node, 'h1', 1);
    const claims = await by.claims.take(1);
    await world.hello(node, 'h1', 1);
    for (const claim of claims) await world.mark(by, claim);
    expect((await world.drain(by)).get(node)).toEqual(['ready']);
    await world.hello(node, 'h1', 1);
    expect(await world.drain(by)).toEqual(new Map());
    await mesh.set(node, `hello_answered_at = clock_timestamp() - interval '3 s'`);
    await world.hello(node, 'h1', 1);
    expect((await world.drain(by)).get(node)).toEqual(['signing_key_rotated', 'ready']);
  });

  test("that names an epoch beyond the ring's is answered by a chain message, whose bundle puts it right", async () => {
    const node = await mesh.node(domain);
    await world.hello(node, 'h1', 900);
    expect((await world.drain(by)).get(node)).toEqual(['chain', 'ready']);
    await expect(stream(node)).resolves.toMatchObject({ chain: null, told_epoch: 1, settled_epoch: 1 });
  });
});

describe('S5: an acknowledgement beyond the last position', () => {
  test('changes nothing, and has the latest hello answered anew, once in a while', async () => {
    const node = await mesh.node(domain);
    await mesh.publish(domain);
    await world.hello(node, 'h1', 1);
    expect((await world.drain(by)).get(node)).toEqual(['ready', '1']);
    const beyond = ack(node, 1, 10 ** 15);
    await expect(world.settle(beyond)).resolves.toMatchObject([{ nodeId: node, position: 10 ** 15 }]);
    await expect(stream(node)).resolves.toMatchObject({ settled_position: 0, last_position: 1 });
    // All that is not settled goes to it again: whatever it heard meanwhile it could not place.
    expect((await world.drain(by)).get(node)).toEqual(['ready', '1']);
    await world.settle(beyond);
    expect(await world.drain(by)).toEqual(new Map());
    await mesh.set(node, `ready_again_at = clock_timestamp() - interval '31 s'`);
    await world.settle(beyond);
    expect((await world.drain(by)).get(node)).toEqual(['ready', '1']);
  });

  test('of a Node that never said hello here is refused and no more', async () => {
    const node = await mesh.node(domain);
    await world.settle(ack(node, 1, 7));
    expect(await world.drain(by)).toEqual(new Map());
  });
});

describe('P-8: claims of its own', () => {
  test('are given back by a relay that does not work on them, and only those', async () => {
    const [left, worked, others] = [await mesh.node(domain), await mesh.node(domain), await mesh.node(domain)];
    await mesh.publish(domain);
    const other = world.claimer();
    await by.claims.take(2);
    await other.claims.take(1);
    const owners = async () =>
      Promise.all([left, worked, others].map(async (node) => (await stream(node)).claim_owner));
    const before = await owners();
    const mine = [left, worked, others].filter((_, i) => before[i] === by.name);
    expect(mine).toHaveLength(2);
    await expect(releaseOtherClaims(world.source.manager, by.name, mine.slice(1))).resolves.toBe(1);
    const after = new Map([left, worked, others].map((node, i) => [node, i] as const));
    const now = await owners();
    for (const [node, i] of after) expect(now[i]).toBe(node === mine[0] ? null : before[i]);
    await expect(world.claimed(other, 10)).resolves.toBe(1);
  });
});
