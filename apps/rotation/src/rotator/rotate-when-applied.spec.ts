// A rotation that is asked for once enough Nodes have the staged key, on a real PostgreSQL; the signers are played.
import 'reflect-metadata';
import { migrateStore, storeOptions } from '@plexsphere/store';
import { testDatabase, type TestDatabase } from '@plexsphere/testkit';
import type { Problem } from '@plexsphere/wire';
import type { PlanRotateWhenApplied } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { DOMAIN, Heart, detailOf, identity, type Replica } from '../../testing/heart';
import { apply, decide, pass } from '../../testing/turned-clock';
import type { RotationPlans } from '../rotations/rotation-plans';
import { RotationController } from '../rotations/rotation.controller';
import type { Due } from './due-step';

jest.setTimeout(120_000);

const HOUR_S = 3_600;
const WEEK_MS = 7 * 24 * HOUR_S * 1_000;

let test: TestDatabase;
let heart: Heart;
let one: Replica;
let two: Replica;
beforeEach(async () => {
  test = await testDatabase({ name: 'store', prepare: migrateStore });
  heart = await Heart.start(test);
  [one, two] = [await heart.replica(), await heart.replica()];
  for (const name of ['n2', 'n3', 'n4']) await heart.addNode(DOMAIN, name);
  await decide(heart, DOMAIN, { propagationDelayMs: 1 });
  await one.stageKey.stage(
    { scope: DOMAIN, newKeyId: 'k2', rotateWithinMs: WEEK_MS, reason: null },
    identity('signing.stage'),
  );
});
afterEach(async () => {
  await Promise.all([one, two].map(({ rotator }) => rotator.atRest()));
  await heart.stop();
});

const ask = (over: Partial<PlanRotateWhenApplied> = {}) =>
  one.rotateWhenApplied.ask(
    { scope: DOMAIN, new_key_id: 'k2', percent: 75, ...over },
    identity('signing.rotate-when-applied'),
  );
const plan = (over: Partial<PlanRotateWhenApplied> = {}) =>
  one.rotateWhenApplied.plan({ scope: DOMAIN, new_key_id: 'k2', percent: 75, ...over }, { role: 'operator' });
async function turn(...replicas: Replica[]): Promise<void> {
  await Promise.all(replicas.map(({ rotator }) => rotator.turn()));
  await Promise.all(replicas.map(({ rotator }) => rotator.atRest()));
}
const active = async (): Promise<string> => {
  const [{ id }] = await heart.owner.query<[{ id: string }]>(
    `SELECT key_id AS id FROM ring.signing_key WHERE scope = $1 AND state = 'active'`,
    [DOMAIN],
  );
  return id;
};
const outcomes = async (): Promise<(string | null)[]> =>
  (await heart.owner.query<{ outcome: string | null }[]>(`SELECT outcome FROM ring.promotion ORDER BY asked_at`)).map(
    ({ outcome }) => outcome,
  );
const history = async () => {
  const database = await new DataSource(storeOptions(await test.urlAs('rotation'), 'history')).initialize();
  try {
    const { openRotation, closeRotation, rollbackRotation, rotator } = one;
    const plans = {} as RotationPlans;
    const controller = new RotationController(openRotation, closeRotation, rollbackRotation, plans, rotator, database);
    return await controller.history({ scope: DOMAIN });
  } finally {
    await database.destroy();
  }
};
const refusalOf = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    return await work;
  } catch (error) {
    const { detail, body } = error as Problem;
    return [detail, body.field];
  }
};

it('switches nothing until that share of the Nodes has applied the key, and then once', async () => {
  expect(await ask()).toMatchObject({
    old_key_id: 'k1',
    percent: 75,
    enrolled: 4,
    needed: 3,
    applied: 0,
    pending_count: 0,
  });
  for (const name of ['n2', 'n3']) {
    await apply(heart, DOMAIN, name);
    await turn(one, two);
    expect(await active()).toBe('k1');
  }
  await apply(heart, DOMAIN, 'n4');
  await turn(one, two);
  expect(await active()).toBe('k2');
  expect(await outcomes()).toEqual(['rotated']);
  expect(await heart.owner.query(`SELECT FROM ring.transition`)).toHaveLength(1);
  expect((await history()).dropped).toEqual([]);
});

it('a Node that never came does not count against it, one that is off does', async () => {
  const seen = (name: string, columns: string) =>
    heart.owner.query(
      `UPDATE outbox.node_stream SET ${columns} WHERE node_id = (SELECT id FROM ring.node WHERE name = $1)`,
      [name],
    );
  await seen('n2', 'first_seen_at = NULL, last_seen_at = NULL');
  await seen('n3', `last_seen_at = clock_timestamp() - interval '1 day'`);
  expect(await ask({ percent: 100 })).toMatchObject({ needed: 3, pending_count: 1 });
  for (const name of ['node of k1', 'n4']) await apply(heart, DOMAIN, name);
  await turn(one);
  expect(await active()).toBe('k1');
  await apply(heart, DOMAIN, 'n3');
  await turn(one);
  expect(await active()).toBe('k2');
});

it('not before the key is propagated, however many have applied it', async () => {
  await decide(heart, DOMAIN, { propagationDelayMs: 3_600_000 });
  await ask({ percent: 1 });
  await apply(heart, DOMAIN);
  await turn(one, two);
  expect(await active()).toBe('k1');
  await pass(heart, '1 hour');
  await turn(one, two);
  expect(await active()).toBe('k2');
});

it('what was due by a promotion that was asked for otherwise meanwhile is not done', async () => {
  const stale = async (due: Due | null) =>
    detailOf((await Promise.allSettled([one.steps.take(due!.step, due!.stored, due!.now)]))[0]);
  await ask({ percent: 25 });
  await apply(heart, DOMAIN, 'n2');
  const promotes = await one.rotator.due(DOMAIN);
  expect(promotes?.step.step).toBe('promote');
  await ask({ percent: 75, deadline_seconds: HOUR_S });
  expect(await stale(promotes)).toBe('signing: epoch mismatch');
  expect(await active()).toBe('k1');

  await pass(heart, '1 hour');
  const drops = await one.rotator.due(DOMAIN);
  expect(drops?.step.step).toBe('drop_promotion');
  await ask({ percent: 75 });
  expect(await stale(drops)).toBe('signing: epoch mismatch');
  expect(await outcomes()).toEqual(['dropped', 'dropped', null]);
});

it('past the deadline it is dropped: recorded, told by history, and nothing is switched', async () => {
  await ask({ deadline_seconds: HOUR_S });
  await pass(heart, '1 hour');
  await apply(heart, DOMAIN);
  await turn(one, two);
  await turn(one, two);
  expect(await active()).toBe('k1');
  expect(await outcomes()).toEqual(['dropped']);
  expect(await history()).toMatchObject({
    transitions: [],
    dropped: [{ key_id: 'k2', percent: 75, reason: 'the deadline is over' }],
  });
  const audited = await heart.owner.query(
    `SELECT actor, detail FROM ring.audit WHERE action = 'signing.drop-promotion'`,
  );
  expect(audited).toEqual([{ actor: 'rotation', detail: { reason: 'the deadline is over' } }]);
  // The key stays staged: whoever likes may still rotate to it.
  await one.openRotation.open({ scope: DOMAIN, newKeyId: 'k2', reason: null }, identity('signing.rotate'));
});

it('of the deadline and the last Node at one instant one wins', async () => {
  await ask({ percent: 100 });
  await apply(heart, DOMAIN);
  heart.signers.meanwhile = async (verb) => {
    // It has been dropped while the rotation was prepared.
    if (verb === 'make-statement') {
      await heart.owner.query(
        `UPDATE ring.promotion SET outcome = 'dropped', ended_at = clock_timestamp(), end_reason = 'late' WHERE outcome IS NULL`,
      );
    }
  };
  await turn(one);
  expect(await active()).toBe('k1');
  expect(await heart.owner.query('SELECT FROM ring.transition')).toEqual([]);
});

it('a person who rotates at once goes before it; one who takes the key back ends it', async () => {
  await ask();
  await two.openRotation.open({ scope: DOMAIN, newKeyId: 'k2', reason: null }, identity('signing.rotate'));
  expect(await outcomes()).toEqual(['rotated']);
  await turn(one);
  expect(await heart.owner.query('SELECT FROM ring.transition')).toHaveLength(1);
});

it('unstaging ends it', async () => {
  await ask();
  await two.stageKey.unstage({ scope: DOMAIN, keyId: 'k2', reason: null }, identity('signing.unstage'));
  expect(await outcomes()).toEqual(['dropped']);
  await turn(one);
  expect(await active()).toBe('k1');
});

it('who asks again asks otherwise; the same request asks once', async () => {
  const request = identity('signing.rotate-when-applied');
  const asked = { scope: DOMAIN, new_key_id: 'k2', percent: 75 };
  const first = await one.rotateWhenApplied.ask(asked, request);
  expect(await two.rotateWhenApplied.ask(asked, request)).toEqual(first);
  expect(await outcomes()).toEqual([null]);
  await ask({ percent: 100 });
  expect(await outcomes()).toEqual(['dropped', null]);
});

describe('refused, alike by the plan, and nothing is written', () => {
  it.each<[string, Partial<PlanRotateWhenApplied>, unknown[]]>([
    ['another key than the staged one', { new_key_id: 'k3' }, ['signing: key not staged', undefined]],
    ['the active one', { new_key_id: 'k1' }, ['signing: key not staged', undefined]],
    [
      'a deadline beyond rotate_by',
      { deadline_seconds: 8 * 24 * HOUR_S },
      ['signing: invariant violation', 'deadline_seconds'],
    ],
  ])('%s', async (_, over, refusal) => {
    const before = await heart.rows();
    expect(await refusalOf(ask(over))).toEqual(refusal);
    expect(await plan(over)).toMatchObject({ blocked_by: [refusal[0]] });
    expect(await heart.rows()).toEqual(before);
    expect(await outcomes()).toEqual([]);
  });

  it('a scope without Nodes', async () => {
    await heart.owner.query(`UPDATE ring.node SET state = 'removed', removed_at = now() WHERE scope = $1`, [DOMAIN]);
    await heart.owner.query(`UPDATE outbox.node_stream SET state = 'ended' WHERE scope = $1`, [DOMAIN]);
    expect(await refusalOf(ask())).toEqual(['signing: invariant violation', 'scope']);
  });

  it('a key whose time to be rotated to is over', async () => {
    await pass(heart, '8 days');
    expect(await refusalOf(ask())).toEqual(['signing: staged key expired', undefined]);
  });
});

it('the plan counts, and changes nothing', async () => {
  const before = await heart.rows();
  await apply(heart, DOMAIN, 'n2');
  expect(await plan()).toMatchObject({ needed: 3, applied: 1, enrolled: 4, offline_count: 0, blocked_by: [] });
  expect(await heart.rows()).toEqual(before);
});
