// Fleet runs, on a real PostgreSQL under rotation's own role; Nodes and the bus are played.
import 'reflect-metadata';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { MAX_REVOCATIONS } from '@plexsphere/wire';
import { EAST, FleetWorld, WEST, identity } from '../../testing/fleet-world';
import type { FleetLoop } from './fleet-loop';
import { listChangedSteps, listRuns, listSteps } from './fleet-rows';

jest.setTimeout(60_000);

let world: FleetWorld;
let loop: FleetLoop;

beforeEach(async () => {
  world = await FleetWorld.create(await testDatabase({ name: 'store', prepare: migrateStore }));
  loop = world.loop();
});
afterEach(async () => {
  try {
    expect(await world.disagreements()).toEqual([]);
  } finally {
    await world.end();
  }
});

const addAll = async (...names: string[]): Promise<void> => {
  for (const name of names) await world.add(name);
};
const connect = (...names: string[]): void => {
  world.connections.replace(new Map());
  for (const [id, name] of names.entries()) world.connections.add('server', id, name);
};

describe('a run in waves', () => {
  it('orders a wave, waits until each of its Nodes has confirmed, and only then orders the next', async () => {
    await addAll('a', 'b', 'c', 'd', 'e');
    const run = await world.begin({ batch: 2 });
    expect(await world.show(run)).toMatchObject({ state: 'running', nodes: 5, waves: 3, wave: 0 });
    await loop.turn();
    expect(world.toldNow()).toEqual(['a', 'b']);
    await world.rotates('a');
    await loop.turn();
    expect(world.toldNow()).toEqual([]);
    await world.rotates('b');
    await loop.turn();
    expect(world.toldNow()).toEqual(['c', 'd']);
    await world.rotates('c', 'd');
    await loop.turn();
    await world.rotates('e');
    await loop.turn();
    expect(await world.show(run)).toMatchObject({ state: 'finished', wave: 3, rotated: 5, failed: 0, skipped: 0 });
    expect((await world.show(run)).ended_at).not.toBeNull();
    const waves = (await world.steps(run)).map(({ name, wave }) => `${name}${wave}`).sort();
    expect(waves).toEqual(['a1', 'b1', 'c2', 'd2', 'e3']);
  });

  it.each([
    ['sequential', 4, ['a']],
    ['parallel', 1, ['a', 'b', 'c', 'd']],
  ] as const)('%s: %s waves', async (mode, waves, first) => {
    await addAll('a', 'b', 'c', 'd');
    const run = await world.begin({ mode, batch: undefined as never });
    await loop.turn();
    expect(await world.show(run)).toMatchObject({ waves, batch: null, wave: 1 });
    expect(world.toldNow()).toEqual(first);
  });

  it('is done by a confirmation alone, and by none of the key that it is to end', async () => {
    await addAll('a');
    const run = await world.begin();
    await loop.turn();
    await world.confirms('a');
    expect(await world.outcome(run)).toEqual({ a: 'ordered' });
    await world.changes('a');
    expect(await world.outcome(run)).toEqual({ a: 'ordered' });
    await world.confirms('a');
    expect(await world.outcome(run)).toEqual({ a: 'rotated' });
  });

  it('counts a confirmation once, and in each run that waits for it', async () => {
    await addAll('a', 'b');
    const [one, other] = [await world.begin(), await world.begin()];
    await loop.turn();
    await world.changes('a');
    await Promise.all([world.confirms('a'), world.confirms('a'), world.confirms('a')]);
    for (const run of [one, other]) expect(await world.show(run)).toMatchObject({ rotated: 1, state: 'running' });
  });

  it('tells Nodes again at a third and at two thirds of their time: those that have not changed yet', async () => {
    await addAll('a', 'b', 'c');
    const run = await world.begin({ deadline_seconds: 60 });
    await loop.turn();
    const expiresAt = world.told[0]?.order.expires_at ?? '';
    expect(world.told.map(({ order }) => order.run)).toEqual([run, run, run]);
    expect(world.toldNow()).toEqual(['a', 'b', 'c']);
    await world.pass(19);
    await loop.turn();
    expect(world.toldNow()).toEqual([]);
    await world.rotates('a');
    await world.changes('b');
    await world.pass(2);
    await loop.turn();
    expect(new Date(world.told[0]?.order.expires_at ?? 0).getTime()).toBe(new Date(expiresAt).getTime() - 21_000);
    expect(world.toldNow()).toEqual(['c']);
    await loop.turn();
    expect(world.toldNow()).toEqual([]);
    await world.pass(20);
    await loop.turn();
    expect(world.toldNow()).toEqual(['c']);
  });

  it('whoever could not be told is told a third later; the wave was committed before', async () => {
    await addAll('a');
    const run = await world.begin();
    world.isBusThere = false;
    await loop.turn();
    expect(await world.show(run)).toMatchObject({ wave: 1 });
    expect(await world.due('a')).toMatchObject({ run });
    world.isBusThere = true;
    await world.pass(20);
    await world.loop(true).turn();
    expect(world.toldNow()).toEqual(['a']);
  });

  it('of two replicas that look at once each does what the other does not', async () => {
    const names = Array.from({ length: 12 }, (_, n) => `n${String(n).padStart(2, '0')}`);
    await addAll(...names);
    const runs = await Promise.all([1, 2, 3].map(() => world.begin({ batch: 4 })));
    const loops = [loop, world.loop(true)];
    const asked: string[] = [];
    for (let wave = 1; wave <= 3; wave++) {
      await Promise.all(loops.map((each) => each.turn()));
      asked.push(...world.toldNow());
      const answering = world.rotates(...names.slice(4 * (wave - 1), 4 * wave));
      await Promise.all([...loops.map((each) => each.turn()), answering]);
    }
    await Promise.all(loops.map((each) => each.turn()));
    asked.push(...world.toldNow());
    expect(asked.sort()).toEqual([...names, ...names, ...names].sort());
    for (const run of runs) expect(await world.show(run)).toMatchObject({ state: 'finished', rotated: 12 });
  });
});

describe('an order that waits for a Node', () => {
  it('is there from its wave on, until the Node has changed its key or the time is over', async () => {
    await addAll('a', 'b');
    const run = await world.begin({ batch: 1 });
    expect(await world.due('a')).toBeNull();
    await loop.turn();
    expect(await world.due('a')).toMatchObject({ run });
    expect(await world.due('b')).toBeNull();
    await world.changes('a');
    expect(await world.due('a')).toBeNull();
    await world.confirms('a');
    await loop.turn();
    expect(await world.due('b')).toMatchObject({ run });
    await world.pass(60);
    expect(await world.due('b')).toBeNull();
  });

  it('of two the one that is over first is told', async () => {
    await addAll('a');
    await world.begin({ deadline_seconds: 300 });
    const sooner = await world.begin({ deadline_seconds: 30 });
    await loop.turn();
    expect(await world.due('a')).toMatchObject({ run: sooner });
  });

  it.each([
    ['disk_full', 'disk_full'],
    ['read_only', 'read_only'],
    ['revoked', 'store_failed'],
    ['what nobody here knows', 'store_failed'],
  ])('fails by what the Node says: %s', async (said, reason) => {
    await addAll('a', 'b');
    const run = await world.begin();
    await loop.turn();
    await world.fails('a', '10000000-0000-4000-8000-000000000000', said);
    expect(await world.outcome(run)).toEqual({ a: 'ordered', b: 'ordered' });
    await world.fails('a', run, said);
    await world.fails('a', run, 'read_only');
    expect(await world.outcome(run)).toEqual({ a: reason, b: 'ordered' });
    expect(await world.due('a')).toBeNull();
  });
});

describe('a wave whose time is over', () => {
  const NAMES = ['away', 'changed', 'contested', 'done', 'quiet', 'removed', 'revoked'];

  it('says of each Node why it failed', async () => {
    await addAll(...NAMES);
    const run = await world.begin({ mode: 'parallel', batch: undefined as never });
    await loop.turn();
    await world.rotates('done');
    await world.changes('changed');
    const keys = await world.owner.query<{ name: string; key: string }[]>(
      `SELECT name, public_key AS key FROM ring.node JOIN ring.node_key ON node_id = id WHERE node_key.state = 'active'`,
    );
    connect(...keys.filter(({ name }) => name !== 'away').map(({ key }) => key));
    for (const state of ['removed', 'revoked']) {
      await world.owner.query('UPDATE ring.node SET state = $1, removed_at = clock_timestamp() WHERE name = $1', [
        state,
      ]);
    }
    await world.owner.query(`UPDATE ring.node SET contested_at = clock_timestamp() WHERE name = 'contested'`);
    await world.pass(60);
    await loop.turn();
    expect(await world.outcome(run)).toEqual({
      ...{ away: 'offline', changed: 'not_confirmed', contested: 'contested', done: 'rotated', quiet: 'no_answer' },
      ...{ removed: 'removed', revoked: 'revoked' },
    });
    const since = Object.fromEntries((await world.steps(run)).map((step) => [step.name, step.offline_since !== null]));
    expect(since).toEqual({ ...Object.fromEntries(NAMES.map((name) => [name, false])), away: true });
    expect(await world.show(run)).toMatchObject({ state: 'finished', rotated: 1, failed: 6 });
  });

  it('calls the list of revocations the reason where no change would be accepted', async () => {
    await addAll('a');
    const run = await world.begin();
    await loop.turn();
    await world.owner.query(
      `INSERT INTO ring.bus_revocation (public_key, kind, revoked_at, due_at, expires_at, urgent)
       SELECT 'U' || n, 'node_key', clock_timestamp(), clock_timestamp(), clock_timestamp() + interval '1 d', false
         FROM generate_series(1, $1::int) AS n`,
      [MAX_REVOCATIONS],
    );
    await world.pass(60);
    await loop.turn();
    expect(await world.outcome(run)).toEqual({ a: 'revocation_list_full' });
  });

  it('waits at its next nudge for nobody who was removed meanwhile', async () => {
    await addAll('a', 'b');
    const run = await world.begin({ batch: 1 });
    await loop.turn();
    world.toldNow();
    await world.owner.query(`UPDATE ring.node SET state = 'removed', removed_at = clock_timestamp() WHERE name = 'a'`);
    await world.pass(20);
    await loop.turn();
    expect(await world.outcome(run)).toEqual({ a: 'removed', b: 'ordered' });
    expect(world.toldNow()).toEqual(['b']);
  });

  it.each([
    ['removed', { state: 'removed' }],
    ['revoked', { state: 'revoked', revokedReason: 'stolen' }],
  ] as const)('ends at once for a Node that is %s', async (reason, leave) => {
    await addAll('a', 'b');
    const run = await world.begin({ batch: 1 });
    await loop.turn();
    await world.leaves('a', leave);
    expect(await world.outcome(run)).toEqual({ a: reason, b: 'waiting' });
    await loop.turn();
    expect(world.toldNow()).toEqual(['a', 'b']);
  });

  it('skips whoever is gone, or contested, before their wave', async () => {
    await addAll('a', 'b', 'c', 'd');
    const run = await world.begin({ mode: 'sequential', batch: undefined as never });
    for (const state of ['removed', 'revoked']) {
      await world.owner.query('UPDATE ring.node SET state = $1, removed_at = clock_timestamp() WHERE name = $2', [
        ...[state, state === 'removed' ? 'a' : 'b'],
      ]);
    }
    await world.owner.query(`UPDATE ring.node SET contested_at = clock_timestamp() WHERE name = 'c'`);
    await loop.turn();
    expect(world.toldNow()).toEqual(['d']);
    await world.rotates('d');
    await loop.turn();
    expect(await world.outcome(run)).toEqual({ a: 'removed', b: 'revoked', c: 'contested', d: 'rotated' });
    expect(await world.show(run)).toMatchObject({ state: 'finished', rotated: 1, failed: 0, skipped: 3 });
  });

  it('a Node that confirms later is told by its key alone: its step stays as it ended', async () => {
    await addAll('a');
    const run = await world.begin();
    await loop.turn();
    await world.pass(60);
    await loop.turn();
    await world.rotates('a');
    expect(await world.outcome(run)).toEqual({ a: 'no_answer' });
  });
});

describe('a run that halts', () => {
  const started = async (onError: 'stop-after' | 'fail-fast' | 'continue', stopAfter?: number) => {
    await addAll('a', 'b', 'c', 'd', 'e', 'f');
    const run = await world.begin({
      batch: 2,
      on_error: onError,
      ...(stopAfter !== undefined && { stop_after: stopAfter }),
    });
    await loop.turn();
    return run;
  };

  it('does so once more failed than may, and lets the wave end that is under way', async () => {
    const run = await started('stop-after', 1);
    await world.fails('a', run, 'disk_full');
    await world.rotates('b');
    await loop.turn();
    await world.fails('c', run, 'disk_full');
    await loop.turn();
    expect(await world.show(run)).toMatchObject({ state: 'running', failed: 2 });
    expect(await world.due('d')).toMatchObject({ run });
    await world.rotates('d');
    await loop.turn();
    expect(await world.show(run)).toMatchObject({ state: 'halted', failed: 2, rotated: 2, ended_at: null, wave: 2 });
    expect(await world.due('e')).toBeNull();
  });

  it.each([
    ['fail-fast', 'halted'],
    ['continue', 'running'],
  ] as const)('%s: by the first failure it is %s', async (onError, state) => {
    const run = await started(onError);
    await world.fails('a', run, 'disk_full');
    await world.rotates('b');
    await loop.turn();
    expect(await world.show(run)).toMatchObject({ state });
  });

  it('goes on with its next wave where somebody says so, and may halt again', async () => {
    const run = await started('fail-fast');
    await world.fails('a', run, 'disk_full');
    await world.rotates('b');
    await loop.turn();
    expect(await world.ending.resume(run, null, identity('fleet.resume'))).toMatchObject({ state: 'running' });
    await loop.turn();
    await world.fails('c', run, 'read_only');
    await world.rotates('d');
    await loop.turn();
    expect(await world.outcome(run)).toEqual({
      ...{ a: 'disk_full', b: 'rotated', c: 'read_only', d: 'rotated', e: 'waiting', f: 'waiting' },
    });
    expect(await world.show(run)).toMatchObject({ state: 'halted', failed: 2 });
  });

  it('ends where somebody says so: nobody is waited for any more, and nobody is told', async () => {
    const run = await started('continue');
    await world.rotates('a');
    expect(await world.ending.abort(run, null, identity('fleet.abort'))).toMatchObject({
      state: 'aborted',
      skipped: 5,
    });
    expect(await world.due('b')).toBeNull();
    await world.rotates('b');
    world.toldNow();
    await world.pass(60);
    await loop.turn();
    expect(world.toldNow()).toEqual([]);
    expect(await world.outcome(run)).toMatchObject({ a: 'rotated', b: 'aborted', f: 'aborted' });
  });

  it('is resumed only where it has halted, and ended once', async () => {
    const run = await started('continue');
    const resumed = () => world.ending.resume(run, null, identity('fleet.resume'));
    const aborted = () => world.ending.abort(run, null, identity('fleet.abort'));
    await expect(resumed()).rejects.toMatchObject({ detail: 'signing: fleet run under way' });
    await aborted();
    await expect(aborted()).rejects.toMatchObject({ detail: 'signing: fleet run over' });
    await expect(resumed()).rejects.toMatchObject({ detail: 'signing: fleet run over' });
    const actions = await world.owner.query(`SELECT action, scope FROM ring.audit ORDER BY action`);
    expect(actions).toEqual([
      { action: 'fleet.abort', scope: EAST },
      { action: 'fleet.rotate', scope: EAST },
    ]);
  });

  it('is no longer known to who may not command all of its Nodes', async () => {
    await world.add('a');
    await world.add('w', { scope: WEST });
    const run = await world.begin();
    for (const scopes of [[EAST], [WEST]]) {
      const unknown = { detail: 'signing: unknown fleet run' };
      await expect(world.ending.abort(run, scopes, identity('fleet.abort'))).rejects.toMatchObject(unknown);
      expect(await listRuns(world.database.manager, scopes, { after: undefined, limit: 9 })).toEqual([]);
    }
    expect(await listRuns(world.database.manager, [EAST, WEST], { after: undefined, limit: 9 })).toHaveLength(1);
    expect(await world.owner.query('SELECT scope FROM ring.audit')).toEqual([{ scope: null }]);
    await world.ending.abort(run, [WEST, EAST], identity('fleet.abort'));
  });
});

describe('what is told of runs', () => {
  it('is each change once, in the order in which they were committed, by pages', async () => {
    const names = Array.from({ length: 30 }, (_, n) => `n${String(n).padStart(2, '0')}`);
    await addAll(...names);
    const run = await world.begin({ batch: 10 });
    const seen: string[] = [];
    let afterSeq = 0;
    const look = async (): Promise<void> => {
      for (;;) {
        const steps = await listChangedSteps(world.database.manager, run, { afterSeq, limit: 7 });
        seen.push(...steps.map(({ name, state }) => `${name} ${state}`));
        afterSeq = steps.at(-1)?.seq ?? afterSeq;
        if (steps.length < 7) return;
      }
    };
    for (let wave = 0; wave < 3; wave++) {
      await loop.turn();
      await look();
      await Promise.all([world.rotates(...names.slice(10 * wave, 10 * wave + 10)), look()]);
      await look();
    }
    const expected = names.flatMap((name) => [`${name} ordered`, `${name} rotated`]).sort();
    expect(seen.sort()).toEqual(expected);
  });

  it('is every step, by waves and ids, in pages of any size', async () => {
    const names = Array.from({ length: 9 }, (_, n) => `n${n}`);
    await addAll(...names);
    const run = await world.begin({ batch: 4 });
    const whole = (await world.steps(run)).map(({ node_id: id }) => id);
    const paged: string[] = [];
    for (let after: string | undefined; paged.length < 9;) {
      const page = await listSteps(world.database.manager, run, { after, limit: 2 });
      paged.push(...page.map(({ node_id: id }) => id));
      after = paged.at(-1);
    }
    expect(paged).toEqual(whole);
  });

  it('lasts for ninety days after their end', async () => {
    await addAll('a');
    const [over, halted, running] = [
      await world.begin(),
      await world.begin({ on_error: 'fail-fast' }),
      await world.begin(),
    ];
    await world.ending.abort(over, null, identity('fleet.abort'));
    await world.owner.query(`UPDATE ring.fleet_run SET state = 'halted' WHERE id = $1`, [halted]);
    const kept = async (): Promise<string[]> => {
      await world.loop().turn();
      const runs = await listRuns(world.database.manager, null, { after: undefined, limit: 9 });
      return runs.map(({ run }) => run).sort();
    };
    await world.pass(89 * 86_400);
    expect(await kept()).toEqual([over, halted, running].sort());
    await world.owner.query(`UPDATE ring.fleet_run SET state = 'running', ended_at = NULL WHERE id = $1`, [running]);
    await world.pass(2 * 86_400);
    expect(await kept()).toEqual([running]);
    expect(await world.owner.query('SELECT DISTINCT run_id AS run FROM ring.fleet_step')).toEqual([{ run: running }]);
  });
});
