// Channels under several hands: replicas that race and die, members that come and go, on a real PostgreSQL.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import { eventually, testDatabase } from '@plexsphere/testkit';
import type { Problem } from '@plexsphere/wire';
import { ChannelWorld, type PlayedMember } from '../../testing/channel-world';
import { decide } from '../../testing/turned-clock';
import { Heart, detailOf, identity, type Replica } from '../../testing/heart';

jest.setTimeout(120_000);

let heart: Heart;
let one: Replica;
let other: Replica;
let world: ChannelWorld;
let app: PlayedMember;
let plugin: PlayedMember;

beforeEach(async () => {
  heart = await Heart.start(await testDatabase({ name: 'store', prepare: migrateStore }));
  [one, other] = [await heart.replica(), await heart.replica()];
  world = new ChannelWorld(heart, one);
  ({ app, plugin } = await world.withTwo());
});
afterEach(async () => {
  await Promise.all([one, other].map(({ resume }) => resume.onModuleDestroy()));
  await heart.stop();
});

const turn = async (...replicas: Replica[]): Promise<void> => {
  await Promise.all(replicas.map(({ rotator }) => rotator.turn()));
  await Promise.all(replicas.map(({ rotator }) => rotator.atRest()));
};
const activations = (): Promise<unknown[]> =>
  heart.owner.query(`SELECT FROM ring.audit WHERE action = 'signing.activate'`);

/** It proves what it holds, and no rotator hears of it at once. */
const proves = async (member: PlayedMember): Promise<void> => {
  const { keys, epoch } = await world.holds(member);
  for (const { key_id: keyId, proof } of keys) {
    await heart.owner.query(
      `INSERT INTO ring.member_key (scope, node_id, key_id, proven_at, epoch, proof)
       VALUES ($1, $2, $3, clock_timestamp(), $4, $5) ON CONFLICT DO NOTHING`,
      [world.ring, member.node_id, keyId, epoch, proof],
    );
  }
};

test('two replicas activate a key once', async () => {
  await world.rotate('k2');
  await proves(plugin);
  await turn(one, other);
  expect(await world.states()).toContain('k2 active');
  expect(await activations()).toHaveLength(1);
});

test('who joins after it was found that all have proven the key is waited for as well', async () => {
  await world.rotate('k2');
  await proves(plugin);
  const due = await one.rotator.due(world.ring);
  expect(due?.step.step).toBe('activate');
  await world.add({ side: 'plugin', name: 'plugin-2' }, other);
  const late = one.steps.take(due!.step, due!.stored, due!.now);
  expect(detailOf((await Promise.allSettled([late]))[0])).toBe('signing: not proven yet');
  expect(await world.states()).toContain('k2 staged');
});

test('who joins while it is being activated is waited for, or comes in to a key that signs: no sender is before a receiver', async () => {
  await world.rotate('k2');
  await proves(plugin);
  await Promise.all([turn(other), world.add({ side: 'plugin', name: 'plugin-2' }, one)]);
  const { ring, members } = await world.stored();
  const isActive = ring.keys.some(({ keyId, state }) => keyId === 'k2' && state === 'active');
  const [joined] = await heart.owner.query<{ epoch: number }[]>(
    `SELECT epoch::int FROM ring.ring_change WHERE scope = $1 AND change = 'members' ORDER BY epoch DESC LIMIT 1`,
    [world.ring],
  );
  const [activated] = await heart.owner.query<{ epoch: number }[]>(
    `SELECT epoch::int FROM ring.ring_change WHERE scope = $1 AND change = 'activate'`,
    [world.ring],
  );
  expect(members).toHaveLength(3);
  expect(isActive).toBe(activated !== undefined);
  if (activated !== undefined) expect(activated.epoch).toBeLessThan(joined!.epoch);
});

test('a schedule opens a rotation, once, and closes it at the end of its window', async () => {
  await decide(heart, world.ring, { rotateEvery: { everyMs: 90 * 86_400_000 }, close: 'automatic' });
  await heart.turnClock(91 * 86_400_000);
  await turn(one, other);
  expect((await world.states()).map((state) => state.split(' ')[1])).toEqual(['active', 'staged']);
  expect(await heart.owner.query('SELECT FROM ring.schedule WHERE scope = $1', [world.ring])).toHaveLength(1);
  await world.says(plugin);
  await heart.turnClock(91 * 86_400_000 + 3_700_000);
  await turn(one, other);
  expect((await world.states()).map((state) => state.split(' ')[1])).toEqual(['retired', 'active']);
});

test('of two who rotate one ring at once one does; both rings go on by themselves', async () => {
  const racing = [world.rotate('k2', one), world.rotate('k3', other)];
  const [same, ...both] = await Promise.allSettled([
    Promise.allSettled(racing),
    ...world.scopes.filter((scope) => scope !== world.ring).map((scope) => world.rotate('k9', other, scope)),
  ]);
  expect(both.map(detailOf)).toEqual(['done']);
  const ends = same.status === 'fulfilled' ? same.value.map(detailOf) : [];
  expect(ends.sort()).toEqual(['done', 'signing: rotation in progress']);
});

test('nobody waits for a lock with one in hand: two channels, members that come and go, rotations and the platform', async () => {
  const mail = new ChannelWorld(heart, other, 'mail');
  await mail.withTwo('mail-');
  const ends = new Set<string>();
  for (let round = 0; round < 3; round++) {
    const work: Promise<unknown>[] = [];
    for (const [each, replica] of [
      [world, one],
      [mail, other],
      [world, other],
    ] as const) {
      const side = round % 2 === 0 ? 'app' : 'plugin';
      work.push(each.add({ side, name: `${each.slug}-${round}-${work.length}` }, replica));
      for (const scope of each.scopes) work.push(each.rotate(undefined, replica, scope));
    }
    const platform = { scope: 'platform', newKeyId: `p${round + 2}`, reason: null };
    work.push(one.openRotation.open(platform, identity('signing.rotate')));
    for (const end of await Promise.allSettled(work)) {
      ends.add(end.status === 'fulfilled' ? 'done' : String((end.reason as Problem).detail ?? end.reason));
    }
  }
  // Who was first is nobody's interest: whoever is refused is refused by what is in the way, and in time.
  const inTheWay = ['done', 'signing: epoch mismatch', 'signing: rotation in progress', 'signing: scope busy'];
  expect(inTheWay).toEqual(expect.arrayContaining([...ends]));
  expect(ends.has('done')).toBe(true);
  for (const each of [world, mail]) {
    for (const scope of each.scopes) {
      const { ring } = await each.stored(scope);
      // One rotation at the most, of which nobody signs by the new key.
      expect(['active', 'active staged']).toContain(ring.keys.map(({ state }) => state).join(' '));
    }
  }
});

describe('a replica that dies after its commit', () => {
  let dying: Replica;
  beforeEach(async () => (dying = await heart.replica({ dies: true })));
  const resume = (): void => [one, other].forEach((each) => each.resume.onApplicationBootstrap());
  const unswitched = (): Promise<unknown[]> =>
    heart.owner.query('SELECT FROM ring.ring_change WHERE switched_at IS NULL');

  test('leaves a rotation that others see through', async () => {
    void world.rotate('k2', dying);
    await eventually(async () => (await world.states()).includes('k2 staged'));
    expect(await unswitched()).toHaveLength(1);
    resume();
    await eventually(async () => (await unswitched()).length === 0);
    await world.says(plugin, {}, other);
    expect(await world.states()).toContain('k2 active');
  });

  test('leaves a member whom others hand the same credential, once, by the same request', async () => {
    const requestId = randomUUID();
    const asked = {
      ...{ slug: 'pay', side: 'app', name: 'app-2', sealing_public_key: app.sealingKey.replace(/^./, 'B') },
      bus_public_key: 'Udying',
    };
    void dying.addMember.add(asked, identity('channel.add-member', requestId));
    await eventually(async () => (await unswitched()).length === 2);
    const added = await other.addMember.add(asked, identity('channel.add-member', requestId));
    expect(added).toMatchObject({ name: 'app-2', bus_jwt: 'a credential' });
    expect(await unswitched()).toEqual([]);
    expect(await heart.owner.query(`SELECT FROM ring.node WHERE name = 'app-2'`)).toHaveLength(1);
  });
});

test('of two who remove a member at once one does; a Node that is a member leaves its channel, however it is removed', async () => {
  const ends = await Promise.allSettled([
    one.removeMember.remove({ slug: 'pay', node_id: app.node_id }, identity('channel.remove-member')),
    other.removeNode.remove({ id: app.node_id }, identity('node.remove')),
  ]);
  expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  for (const scope of world.scopes) {
    const { members, ring } = await world.stored(scope);
    expect(members.map(({ name }) => name)).toEqual(['plugin-1']);
    expect(ring.epoch).toBe(4);
  }
  await expect(
    one.removeMember.remove({ slug: 'pay', name: 'app-1' }, identity('channel.remove-member')),
  ).rejects.toMatchObject({ code: 'NOT_FOUND', detail: 'signing: unknown member' });
});

test('a gateway is shown no ring of a channel, and holds none up by what it claims', async () => {
  const asking = { secret: 'A'.repeat(43), turn: 1, epochs: { [world.ring]: 1 } };
  const answer = await one.leases.renew({ kind: 'gateway', holder: 'gateway-1' }, asking);
  expect(answer.rings.map(({ scope }) => scope)).not.toContain(world.ring);
  expect(answer.removed).toEqual([world.ring]);
  expect(await heart.owner.query(`SELECT epochs FROM ring.lease WHERE holder = 'gateway-1'`)).toEqual([{ epochs: {} }]);
  await world.rotate('k2');
  const signer = await one.leases.renew({ kind: 'signer', holder: 'signer-9' }, { ...asking, epochs: {} });
  expect(signer.rings.find(({ scope }) => scope === world.ring)).toMatchObject({
    ...{ statement: null, transition: { new_key_id: 'k2', activated_at: null } },
    keys: [
      { algorithm: 'HS256', public_key: null, check_value: expect.any(String), state: 'active' },
      { key_id: 'k2', state: 'staged' },
    ],
    members: [
      { node_id: app.node_id, side: 'app', sealing_key: app.sealingKey },
      { node_id: plugin.node_id, side: 'plugin', sealing_key: plugin.sealingKey },
    ],
  });
  const views = await heart.owner.query(
    `SELECT scope FROM gateway.ring WHERE scope LIKE 'channel%'
      UNION ALL SELECT scope FROM gateway.ring_change WHERE scope LIKE 'channel%'`,
  );
  expect(views).toEqual([]);
});
