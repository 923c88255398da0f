/** What waited too long for Nodes that are away, and how they hear of it: on a real PostgreSQL. */
import 'reflect-metadata';
import { ClaimWorld, ack, type Claimer } from '../../testing/claim-world';
import { expireMessages } from './expire-messages';

jest.setTimeout(60_000);

const RETENTION_MS = 7 * 86_400_000;

let world: ClaimWorld;
let by: Claimer;
beforeEach(async () => {
  world = await ClaimWorld.create();
  by = world.claimer();
});
afterEach(() => world.end());

async function expire(): Promise<number> {
  let expired = 0;
  for (let after: string | undefined; ;) {
    const page = await world.source.transaction((manager) => expireMessages(manager, RETENTION_MS, after));
    expired += page.expired;
    if (page.next === undefined) return expired;
    after = page.next;
  }
}

const publish = async (count: number, { old }: { old: boolean }): Promise<void> => {
  for (let i = 0; i < count; i++) {
    const eventId = await world.mesh.publish(world.domain);
    if (old) {
      await world.mesh.pool.query(`UPDATE outbox.event SET created_at = '2026-01-01T00:00:00Z' WHERE event_id = $1`, [
        eventId,
      ]);
    }
  }
};

/** What was published is sent to it, and it says no word of that. */
async function sleepsThrough(node: string, { old, young = 0 }: { old: number; young?: number }): Promise<void> {
  await publish(old, { old: true });
  await publish(young, { old: false });
  await world.drain(by);
  await asleep(node);
}

/** What it is told then, until nothing is due. */
async function comesBack(node: string, { helloId = 'h1', position = 0 } = {}): Promise<string[] | undefined> {
  await world.hello(node, helloId, 1, { position });
  return (await world.drain(by)).get(node);
}

const asleep = (node: string) => world.mesh.set(node, `last_seen_at = clock_timestamp() - interval '181 s'`);
const outcomes = async (node: string) =>
  (await world.mesh.messages(node)).map(({ state, outcome }) => outcome ?? state);
async function resyncOf(node: string): Promise<unknown> {
  const { rows } = await world.mesh.pool.query<{ event_id: string; payload: string; position: number }>(
    `SELECT m.event_id, m.position::int, e.payload FROM outbox.message m JOIN outbox.event e USING (event_id)
      WHERE m.node_id = $1 AND e.event_type = 'resync' AND m.state <> 'settled'`,
    [node],
  );
  const [row] = rows;
  if (row === undefined || rows.length > 1) throw new Error(`${rows.length} of them`);
  expect(row.event_id.startsWith(`${node}/`)).toBe(true);
  return { position: row.position, ...(JSON.parse(row.payload) as object) };
}

describe("P-7: an absent Node's events", () => {
  test('expire when they are too old; its hello makes one resync of them, before what is left', async () => {
    const node = await world.mesh.node(world.domain);
    await publish(1, { old: true });
    await world.drain(by);
    await world.settle(ack(node, 1, 1));
    await sleepsThrough(node, { old: 3, young: 2 });
    expect(await expire()).toBe(3);
    expect(await outcomes(node)).toEqual(['applied', 'expired', 'expired', 'expired', 'sent', 'sent']);
    await expect(world.mesh.stream(node)).resolves.toMatchObject({ settled_position: 3, last_position: 6 });
    await world.hello(node, 'h1', 1, { position: 1 });
    const claims = await by.claims.take(1);
    // The Node counts from resumes_after on: the resync comes next, and no hole.
    expect(claims[0]?.node).toMatchObject({ settledPosition: 3, lastPosition: 6 });
    for (const claim of claims) await world.mark(by, claim);
    await expect(resyncOf(node)).resolves.toEqual({ position: 4, missed: 3, since: '2026-01-01T00:00:00.000Z' });
    expect((await world.drain(by)).get(node)).toEqual(['4', '5', '6']);
    await world.settle(ack(node, 1, 6));
    expect(new Set(await outcomes(node))).toEqual(new Set(['applied', 'expired']));
  });

  test('that never had a position share one, behind those that had', async () => {
    const node = await world.mesh.node(world.domain, { present: false });
    await publish(1, { old: true });
    await world.drain(by);
    await publish(2, { old: true });
    await publish(1, { old: false });
    expect(await expire()).toBe(3);
    expect(await comesBack(node)).toEqual(['ready', '2', '3']);
    await expect(resyncOf(node)).resolves.toMatchObject({ position: 2, missed: 3 });
  });

  test('more of them join, and a resync that expires itself is counted on, not counted', async () => {
    const node = await world.mesh.node(world.domain);
    for (const old of [2, 3]) {
      await sleepsThrough(node, { old });
      await expire();
    }
    await comesBack(node);
    await expect(resyncOf(node)).resolves.toMatchObject({ position: 5, missed: 5 });
    await world.mesh.pool.query(`UPDATE outbox.event SET created_at = '2026-02-01' WHERE event_type = 'resync'`);
    await asleep(node);
    await sleepsThrough(node, { old: 1 });
    expect(await expire()).toBe(2);
    await comesBack(node, { helloId: 'h2' });
    await expect(resyncOf(node)).resolves.toEqual({ position: 6, missed: 6, since: '2026-01-01T00:00:00.000Z' });
  });

  test('that it has applied after all are no loss: an acknowledgement of them takes the resync back', async () => {
    const node = await world.mesh.node(world.domain);
    await sleepsThrough(node, { old: 2 });
    await expire();
    await world.settle(ack(node, 1, 2));
    expect(await comesBack(node, { position: 2 })).toEqual(['ready']);
    await expect(resyncOf(node)).rejects.toThrow('0 of them');
    await expect(world.mesh.stream(node)).resolves.toMatchObject({ missed: null });
  });

  test("do not expire while the Node is there, is coming back, or is claimed; nor do young ones, nor keys' news", async () => {
    const [present, back, claimed, young] = [
      await world.mesh.node(world.domain),
      await world.mesh.node(world.domain),
      await world.mesh.node(world.domain),
      await world.mesh.node('platform', { present: false }),
    ];
    await publish(1, { old: true });
    await world.mesh.rotate('platform', 'p2');
    await world.mesh.pool.query(`UPDATE outbox.event SET created_at = '2026-01-01' WHERE epoch IS NOT NULL`);
    await asleep(back);
    await world.hello(back, 'h1', 1);
    await asleep(claimed);
    await world.mesh.set(claimed, `claim_owner = 'x', claim_deadline = clock_timestamp() + interval '5 s'`);
    await world.mesh.publish('platform');
    expect(await expire()).toBe(0);
    for (const node of [present, back, claimed, young]) expect(await outcomes(node)).not.toContain('expired');
  });

  test('expire for one that is there and follows another chain, which hears nothing of ours', async () => {
    const node = await world.mesh.node(world.domain);
    await publish(2, { old: true });
    await world.hello(node, 'h1', 1, { heads: { ring: 't'.repeat(43) } });
    await world.drain(by);
    await world.mesh.set(node, `claim_deadline = NULL`);
    await expire();
    expect(await outcomes(node)).toEqual(['expired', 'expired']);
    expect(await comesBack(node, { helloId: 'h2' })).toEqual(['ready', '1']);
    expect(await resyncOf(node)).toMatchObject({ position: 1, missed: 2 });
  });

  test('in any number, for any number of Nodes, in short statements and by many relays at once', async () => {
    const nodes = await Promise.all(
      Array.from({ length: 250 }, () => world.mesh.node(world.domain, { present: false })),
    );
    await publish(3, { old: true });
    const [long] = nodes;
    await world.mesh.pool.query(
      `WITH e AS (INSERT INTO outbox.event (event_id, scope, event_type, created_at)
                  SELECT 'many-' || i, $2, 'x', '2026-01-01' FROM generate_series(1, 600) i RETURNING event_id)
       INSERT INTO outbox.message (node_id, scope, event_id) SELECT $1::uuid, $2, event_id FROM e`,
      [long, world.domain],
    );
    const expired = await Promise.all([expire(), expire(), expire()]);
    expect(expired.reduce((sum, each) => sum + each, 0)).toBe(250 * 3 + 600);
    const { rows } = await world.mesh.pool.query<{ waiting: number; missed: number }>(
      `SELECT (SELECT count(*)::int FROM outbox.message WHERE state <> 'settled') AS waiting,
              (SELECT sum((missed ->> 'count')::int)::int FROM outbox.node_stream) AS missed`,
    );
    expect(rows).toEqual([{ waiting: 0, missed: 1350 }]);
  });
});
