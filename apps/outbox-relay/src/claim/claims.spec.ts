/** The claiming and settling SQL, on a real PostgreSQL and under the relay's own role. */
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { PLATFORM } from '@plexsphere/wire';
import type { DataSource } from 'typeorm';
import { ClaimWorld, ack, type Claimer, type Said } from '../../testing/claim-world';
import type { SeededMesh } from '../../testing/seeded-mesh';
import type { Claim } from './claims';
import type { NextMessage } from './next-message';
import { RECEIVERS } from '../receivers';
import { deleteSettled } from '../housekeeping/delete-settled';
import { recordHellos } from '../settle/record-hellos';
import { settleAcks } from '../settle/settle-acks';
import { replaceBusStream } from '../publish/bus-stream-record';

jest.setTimeout(60_000);

const OTHER = `domain:${randomUUID()}`;
const GONE = `clock_timestamp() - interval '1 s'`;

let world: ClaimWorld;
let source: DataSource;
let mesh: SeededMesh;
let DOMAIN: string;

beforeEach(async () => {
  world = await ClaimWorld.create();
  ({ source, mesh, domain: DOMAIN } = world);
});

afterEach(() => world.end());

const relay = () => world.claimer();
const mark = (by: Claimer, claim: Claim) => world.mark(by, claim);
const drain = (by: Claimer) => world.drain(by);
const settle = (...acks: Said[]) => world.settle(...acks);
const hello = (nodeId: string, helloId: string, epoch: number) => world.hello(nodeId, helloId, epoch);

describe('receivers', () => {
  it('are all that the database knows, and no others', async () => {
    const [row] = await source.query<{ check: string }[]>(
      `SELECT pg_get_constraintdef(oid) AS "check" FROM pg_constraint WHERE conname = 'node_stream_listens_check'`,
    );
    const known = [...(row?.check ?? '').matchAll(/'([^']+)'/g)].map(([, listens]) => listens);
    expect(known).toEqual(Object.keys(RECEIVERS));
  });
});

describe('claiming', () => {
  test('nothing is due of a Node that has nothing to hear', async () => {
    await mesh.node(DOMAIN);
    await expect(world.claimed(relay(), 10)).resolves.toBe(0);
  });

  test('a hundred claimers at once: every Node has one owner', async () => {
    const nodes = await Promise.all(Array.from({ length: 60 }, () => mesh.node(DOMAIN)));
    await mesh.publish(DOMAIN);
    const takes = await Promise.all(Array.from({ length: 100 }, () => relay().claims.take(7)));
    const claimed = takes.flat().map((claim) => claim.node.nodeId);
    expect(claimed).toHaveLength(new Set(claimed).size);
    expect(new Set(claimed).size).toBeGreaterThan(0);
    const rest = (await relay().claims.take(100)).map((claim) => claim.node.nodeId);
    expect([...claimed, ...rest].sort()).toEqual(nodes.sort());
  });

  test('a claim whose deadline has passed goes to another relay, and what the first one marks then is void', async () => {
    const node = await mesh.node(DOMAIN);
    await mesh.publish(DOMAIN);
    const [dead, heir] = [relay(), relay()];
    const lost = await dead.claims.take(1);
    await expect(world.claimed(heir, 1)).resolves.toBe(0);
    await mesh.set(node, `claim_deadline = ${GONE}`);
    const inherited = await heir.claims.take(1);
    expect(inherited[0]?.node.attempt).toBe((lost[0]?.node.attempt ?? 0) + 1);
    await mark(dead, lost[0] as Claim);
    await expect(dead.results.otherSequence((lost[0] as Claim).node, 99)).resolves.toBe(false);
    await expect(mesh.stream(node)).resolves.toMatchObject({ claim_owner: heir.name, last_sequence: 0 });
    await expect(mesh.messages(node)).resolves.toMatchObject([{ state: 'unsent', position: 1 }]);
  });

  test('scopes take turns', async () => {
    await mesh.ring(OTHER, 'o1');
    await Promise.all(Array.from({ length: 20 }, () => mesh.node(DOMAIN)));
    const few = await Promise.all([mesh.node(OTHER), mesh.node(OTHER)]);
    await mesh.publish(DOMAIN);
    await mesh.publish(OTHER);
    const claims = await relay().claims.take(4);
    expect(claims.map((claim) => claim.node.nodeId)).toEqual(expect.arrayContaining(few));
  });

  test('a Node that is removed is claimed no more', async () => {
    const node = await mesh.node(DOMAIN);
    await mesh.publish(DOMAIN);
    await mesh.remove(node);
    await expect(world.claimed(relay(), 10)).resolves.toBe(0);
  });

  test('a position is given at the first claim and kept, in the order of the first claims', async () => {
    const node = await mesh.node(DOMAIN);
    const by = relay();
    await mesh.publish(DOMAIN);
    await mesh.publish(DOMAIN);
    const first = await by.claims.take(1);
    await by.results.released({ ...(first[0] as Claim).node, deferMs: 0 });
    const again = await by.claims.take(1);
    const { event } = first[0]?.message as Extract<NextMessage, { kind: 'ordinary' }>;
    expect(again[0]?.message).toEqual({ ...first[0]?.message, event: { ...event, isPlacedNow: false } });
    await mark(by, again[0] as Claim);
    await drain(by);
    expect((await mesh.messages(node)).map((message) => message.position)).toEqual([1, 2]);
    await expect(mesh.stream(node)).resolves.toMatchObject({ last_position: 2 });
  });

  test('a Node that is given back with a delay is left alone', async () => {
    await mesh.node(DOMAIN);
    await mesh.publish(DOMAIN);
    const by = relay();
    const claims = await by.claims.take(1);
    await by.results.released({ ...(claims[0] as Claim).node, deferMs: 60_000 });
    await expect(world.claimed(by, 1)).resolves.toBe(0);
  });
});

describe('telling', () => {
  test('key news goes before everything that waits, however old', async () => {
    const node = await mesh.node(DOMAIN);
    await mesh.publish(DOMAIN);
    await mesh.rotate(DOMAIN, 'd2');
    const by = relay();
    expect((await drain(by)).get(node)).toEqual(['signing_key_rotated', '1']);
    await expect(mesh.stream(node)).resolves.toMatchObject({ told_epoch: 2 });
    expect((await mesh.messages(node)).map(({ state }) => state)).toEqual(['sent', 'sent']);
  });

  test('epochs between are superseded: one chain tells of all', async () => {
    const node = await mesh.node(DOMAIN);
    await mesh.rotate(DOMAIN, 'd2');
    await mesh.closeRotation(DOMAIN);
    await mesh.rotate(DOMAIN, 'd3');
    expect((await drain(relay())).get(node)).toEqual(['chain']);
    expect(await world.messages(node)).toMatchObject([
      { epoch: 2, outcome: 'superseded' },
      { epoch: 3, outcome: 'superseded' },
      { epoch: 4, state: 'sent' },
    ]);
  });

  test("a change of the platform's ring reaches Domains' Nodes, and so does its close", async () => {
    const node = await mesh.node(DOMAIN);
    const own = await mesh.node(PLATFORM);
    await mesh.rotate(PLATFORM, 'p2');
    const by = relay();
    const said = await drain(by);
    expect([said.get(node), said.get(own)]).toEqual([['platform_key_rotated'], ['signing_key_rotated']]);
    await mesh.closeRotation(PLATFORM);
    expect(await drain(by)).toEqual(
      new Map([
        [node, ['chain']],
        [own, ['chain']],
      ]),
    );
    await expect(mesh.stream(node)).resolves.toMatchObject({ told_epoch: 1, told_platform_epoch: 3 });
    expect((await mesh.messages(node)).map(({ state }) => state)).toEqual(['sent']);
    expect((await mesh.messages(own)).map(({ state }) => state)).toEqual(['sent', 'sent']);
  });

  test('what is written of keys does not make a Node due that was told of it all', async () => {
    const node = await mesh.node(DOMAIN);
    await mesh.rotate(DOMAIN, 'd2');
    await mesh.rotate(PLATFORM, 'p2');
    await mesh.set(node, `told_epoch = 2, settled_epoch = 2, told_platform_epoch = 2`);
    await expect(world.claimed(relay(), 1)).resolves.toBe(0);
  });
});

describe('coming back', () => {
  test('a hello is answered in order: the ring, then ready, then what is not settled', async () => {
    const node = await mesh.node(DOMAIN);
    await mesh.publish(DOMAIN);
    await mesh.rotate(DOMAIN, 'd2');
    await mesh.publish(DOMAIN);
    const by = relay();
    await drain(by);
    await settle(ack(node, 1, 1));
    await hello(node, 'h1', 1);
    expect((await drain(by)).get(node)).toEqual(['signing_key_rotated', 'ready', '2']);
    await expect(mesh.stream(node)).resolves.toMatchObject({ hello: null, told_epoch: 2 });
  });

  test('a hello that comes while one is answered is answered, too', async () => {
    const node = await mesh.node(DOMAIN);
    await hello(node, 'h1', 1);
    const by = relay();
    const claims = await by.claims.take(1);
    await hello(node, 'h2', 1);
    await mark(by, claims[0] as Claim);
    expect((await drain(by)).get(node)).toEqual(['ready']);
    await expect(mesh.stream(node)).resolves.toMatchObject({ hello: null });
  });

  test('the ring moves between a hello and its answer: told once, then answered', async () => {
    const node = await mesh.node(DOMAIN);
    await hello(node, 'h1', 1);
    const by = relay();
    const claims = await by.claims.take(1);
    await by.results.released({ ...(claims[0] as Claim).node, deferMs: 0 });
    await mesh.rotate(DOMAIN, 'd2');
    expect((await drain(by)).get(node)).toEqual(['signing_key_rotated', 'ready']);
  });

  test('a present Node is sent again what it does not settle, with back-off; an absent one waits', async () => {
    const [present, absent] = [await mesh.node(DOMAIN), await mesh.node(DOMAIN, { present: false })];
    await mesh.rotate(DOMAIN, 'd2');
    await mesh.publish(DOMAIN);
    const by = relay();
    await drain(by);
    for (const node of [present, absent]) await mesh.set(node, `resend_at = ${GONE}`);
    const said = await drain(by);
    expect(said.get(present)).toEqual(['signing_key_rotated', '1']);
    expect(said.get(absent)).toBeUndefined();
    await expect(mesh.stream(present)).resolves.toMatchObject({ resend_count: 1 });
    await settle(ack(present, 2, 1));
    await expect(mesh.stream(present)).resolves.toMatchObject({ resend_count: 0, resend_at: null });
  });

  test('who stays silent is sent it ever more rarely', async () => {
    const node = await mesh.node(DOMAIN);
    await mesh.rotate(DOMAIN, 'd2');
    const by = relay();
    const waits: number[] = [];
    for (let sent = 0; sent < 6; sent++) {
      await drain(by);
      const { rows } = await mesh.pool.query<{ seconds: number }>(
        `SELECT round(extract(epoch FROM resend_at - claim_deadline))::int AS seconds FROM outbox.node_stream WHERE node_id = $1`,
        [node],
      );
      waits.push(rows[0]?.seconds ?? Number.NaN);
      await mesh.set(node, `resend_at = ${GONE}`);
    }
    expect(waits).toEqual([8, 8, 16, 32, 60, 60]);
  });

  test('the stream was lost: what is not settled is said again, and no late mark counts', async () => {
    const [done, behind] = [await mesh.node(DOMAIN), await mesh.node(DOMAIN)];
    const by = relay();
    const replace = (before: string | undefined, now: string) =>
      source.transaction((manager) => replaceBusStream(manager, 'EVENTS', { before, now }));
    await expect(replace(undefined, 'one')).resolves.toBe(true);
    await mesh.rotate(DOMAIN, 'd2');
    await mesh.publish(DOMAIN);
    await drain(by);
    await settle(ack(done, 2, 1));
    await mesh.publish(DOMAIN);
    const late = await by.claims.take(10);
    await expect(Promise.all([replace('one', 'two'), replace('one', 'two')])).resolves.toEqual(
      expect.arrayContaining([true, false]),
    );
    for (const claim of late) await mark(by, claim);
    for (const node of [done, behind]) await expect(mesh.stream(node)).resolves.toMatchObject({ last_sequence: 0 });
    const said = await drain(by);
    expect(said.get(done)).toEqual(['2']);
    expect(said.get(behind)).toEqual(['signing_key_rotated', '1', '2']);
  });

  test('another message stands on the stream: its sequence is adopted, and what is not settled is said again', async () => {
    const node = await mesh.node(DOMAIN);
    await mesh.publish(DOMAIN);
    const by = relay();
    await drain(by);
    await mesh.publish(DOMAIN);
    const claims = await by.claims.take(1);
    await expect(by.results.otherSequence((claims[0] as Claim).node, 777)).resolves.toBe(true);
    await expect(mesh.stream(node)).resolves.toMatchObject({ last_sequence: 777, claim_owner: null });
    expect((await drain(by)).get(node)).toEqual(['1', '2']);
  });
});

describe('settling', () => {
  test('is cumulative, counts what is not marked yet, and tells first seen', async () => {
    const node = await mesh.node(DOMAIN, { present: false });
    await mesh.rotate(DOMAIN, 'd2');
    const by = relay();
    await drain(by);
    await mesh.publish(DOMAIN);
    const claims = await by.claims.take(1);
    await expect(settle(ack(node, 2, 1), ack(node, 1, 0))).resolves.toEqual([]);
    await mark(by, claims[0] as Claim);
    expect(await world.messages(node)).toMatchObject([{ outcome: 'applied' }, { outcome: 'applied', position: 1 }]);
    const stream = await mesh.stream(node);
    expect(stream).toMatchObject({ settled_epoch: 2, settled_position: 1, resend_at: null });
    expect(stream.first_seen_at).not.toBeNull();
  });

  test("writes a Node's row once, and plans what is left of it anew", async () => {
    const node = await mesh.node(DOMAIN);
    const by = relay();
    for (let i = 0; i < 3; i++) await mesh.publish(DOMAIN);
    await drain(by);
    /** How often that writes its row. */
    const settled = (position: number) =>
      source.transaction(async (manager) => {
        const writes = async () => {
          const [row] = await manager.query<{ writes: number }[]>(
            `SELECT n_tup_upd::int AS writes FROM pg_stat_xact_user_tables WHERE relid = 'outbox.node_stream'::regclass`,
          );
          return row?.writes ?? NaN;
        };
        const before = await writes();
        await settleAcks(manager, [world.word(ack(node, 1, position))]);
        return (await writes()) - before;
      });
    const LATER = `resend_count = 3, resend_at = clock_timestamp() + interval '40 s'`;
    const plan = async () => {
      const { resend_at: at, resend_count: count, settled_position: position } = await mesh.stream(node);
      return { isLater: at && at.getTime() > Date.now() + 20_000, count, position };
    };
    await mesh.set(node, LATER);
    await expect(settled(2)).resolves.toBe(1);
    await expect(plan()).resolves.toEqual({ isLater: false, count: 0, position: 2 });
    await mesh.set(node, LATER);
    await expect(settled(1)).resolves.toBe(1);
    await expect(plan()).resolves.toEqual({ isLater: true, count: 3, position: 2 });
    await expect(settled(3)).resolves.toBe(1);
    await expect(plan()).resolves.toEqual({ isLater: null, count: 0, position: 3 });
    expect((await mesh.messages(node)).map(({ state }) => state)).toEqual(['settled', 'settled', 'settled']);
  });

  test("a Node's bare word for a position that it was never told changes nothing", async () => {
    const node = await mesh.node(DOMAIN, { present: false });
    await expect(settle(ack(node, 1, 9))).resolves.toMatchObject([{ nodeId: node, position: 9 }]);
    await expect(mesh.stream(node)).resolves.toMatchObject({
      settled_epoch: 1,
      settled_position: 0,
      first_seen_at: null,
    });
  });

  test('hellos, acknowledgements, claims and marks of the same Nodes at once end, and nothing is lost', async () => {
    const nodes = await Promise.all(Array.from({ length: 30 }, () => mesh.node(DOMAIN)));
    for (let i = 0; i < 5; i++) await mesh.publish(DOMAIN);
    const shuffled = (round: number) => (round % 2 === 0 ? nodes : [...nodes].reverse());
    const speak = async (round: number) => {
      await Promise.all([
        settle(...shuffled(round).map((node) => ack(node, 1, 0))),
        source.transaction((manager) =>
          recordHellos(
            manager,
            shuffled(round + 1).map((node) => ({ ...world.word(ack(node, 1, 0)), helloId: `h${round}` })),
          ),
        ),
      ]);
    };
    const speaking = (async () => {
      for (let round = 0; round < 10; round++) await speak(round);
    })();
    await Promise.all([drain(relay()), drain(relay()), speaking]);
    await drain(relay());
    for (const node of nodes) {
      const { last_position, hello: pending } = await mesh.stream(node);
      expect({ last_position, pending }).toEqual({ last_position: 5, pending: null });
      await settle(ack(node, 1, 5));
      expect((await mesh.messages(node)).every(({ outcome }) => outcome === 'applied')).toBe(true);
    }
  });

  test('what was settled long ago is deleted, its event after it, and nothing else', async () => {
    const node = await mesh.node(DOMAIN);
    const old = await mesh.publish(DOMAIN);
    const young = await mesh.publish(DOMAIN);
    await drain(relay());
    await settle(ack(node, 1, 1));
    await mesh.pool.query(`UPDATE outbox.event SET created_at = now() - interval '8 days' WHERE event_id = $1`, [old]);
    await mesh.pool.query(`UPDATE outbox.message SET settled_at = now() - interval '8 days' WHERE state = 'settled'`);
    await expect(deleteSettled(source.manager, 7 * 86_400_000)).resolves.toBe(false);
    expect((await mesh.messages(node)).map((message) => message.event_id)).toEqual([young]);
    const { rows } = await mesh.pool.query(`SELECT event_id FROM outbox.event`);
    expect(rows).toEqual([{ event_id: young }]);
  });
});
