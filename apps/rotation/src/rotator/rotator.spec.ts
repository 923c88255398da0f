// What rotation does without anybody's asking, by several replicas on a real PostgreSQL; the signers are played.
import 'reflect-metadata';
import { migrateStore } from '@plexsphere/store';
import { eventually, testDatabase } from '@plexsphere/testkit';
import { DOMAIN, Heart, detailOf, identity, type Replica } from '../../testing/heart';
import { apply, decide, pass } from '../../testing/turned-clock';

jest.setTimeout(120_000);

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const WEEKLY = {
  rotateEvery: { everyMs: 7 * DAY_MS },
  ...{ close: 'automatic', overlapWindowMs: 120 * MINUTE_MS, propagationDelayMs: 15 * MINUTE_MS },
};

let heart: Heart;
let one: Replica;
let two: Replica;
beforeEach(async () => {
  heart = await Heart.start(await testDatabase({ name: 'store', prepare: migrateStore }));
  [one, two] = [await heart.replica(), await heart.replica()];
});
afterEach(async () => {
  await Promise.all([one, two].map(({ rotator }) => rotator.atRest()));
  await heart.stop();
});

async function turn(...replicas: Replica[]): Promise<void> {
  await Promise.all(replicas.map(({ rotator }) => rotator.turn()));
  await Promise.all(replicas.map(({ rotator }) => rotator.atRest()));
}

const keys = async (): Promise<string[]> => {
  const rows = await heart.owner.query<{ key: string }[]>(
    `SELECT key_id || ' ' || state AS key FROM ring.signing_key WHERE scope = $1 ORDER BY created_at`,
    [DOMAIN],
  );
  return rows.map(({ key }) => key);
};
const states = async (): Promise<string> => (await keys()).map((key) => key.split(' ')[1]).join(' ');
const actions = async (): Promise<string[]> => {
  const rows = await heart.owner.query<{ said: string }[]>(
    `SELECT actor || ' ' || action AS said FROM ring.audit WHERE scope = $1 ORDER BY id`,
    [DOMAIN],
  );
  return rows.map(({ said }) => said.replace(/^[0-9a-f-]{36}/, 'person'));
};
const failures = () =>
  heart.owner.query<{ step: string; detail: string; failures: number; pause: number }[]>(
    `SELECT step, detail, failures, round(extract(epoch FROM retry_at - failed_at))::int AS pause FROM ring.rotator_failure`,
  );
const settled = async (work: Promise<unknown>) => (await Promise.allSettled([work]))[0];
const rotation = (newKeyId: string) => ({ scope: DOMAIN, newKeyId, reason: null });
/** Whoever asks signers waits until so many have asked, so that none of them has committed. */
const meet = (verb: string, count: number): void => {
  heart.signers.meanwhile = async (asked) => {
    if (asked === verb) await eventually(async () => heart.signers.times(verb) >= count);
  };
};

describe('a schedule', () => {
  beforeEach(() => decide(heart, DOMAIN, WEEKLY));

  it('stages, rotates once the Nodes have it, and closes: nobody asks for anything', async () => {
    await turn(one, two);
    expect(await states()).toBe('active');
    await pass(heart, '7 days 10 min');
    await turn(one);
    expect(await states()).toBe('active staged');
    // Neither before the Nodes have it, nor before others who verify can have asked.
    await turn(two);
    await apply(heart, DOMAIN);
    await turn(two);
    expect(await states()).toBe('active staged');
    await pass(heart, '15 min');
    await turn(two);
    expect(await states()).toBe('retiring active');
    await apply(heart, DOMAIN);
    await turn(one);
    expect(await states()).toBe('retiring active');
    await pass(heart, '2 hours');
    await turn(one, two);
    expect(await states()).toBe('retired active');
    expect(await actions()).toEqual(['rotation signing.stage', 'rotation signing.rotate', 'rotation signing.close']);
    await turn(one, two);
    expect(await actions()).toHaveLength(3);
    expect((await keys())[1]).toMatch(/^domain-\d{4}-\d\d-\d\d active$/);
  });

  it('two replicas that come to one due time: one of them stages', async () => {
    await pass(heart, '7 days 10 min');
    meet('generate-key', 2);
    await turn(one, two);
    expect(heart.signers.times('generate-key')).toBeGreaterThanOrEqual(2);
    expect(await states()).toBe('active staged');
    expect(await actions()).toEqual(['rotation signing.stage']);
    expect(await heart.owner.query('SELECT FROM ring.schedule')).toHaveLength(1);
    expect(await heart.owner.query('SELECT FROM ring.promotion')).toHaveLength(1);
    expect(await failures()).toEqual([]);
  });

  it('a due time that somebody has taken is not taken again, and the ring stays as it is', async () => {
    await pass(heart, '7 days 10 min');
    const due = await one.rotator.due(DOMAIN);
    expect(due?.step.step).toBe('stage');
    await heart.owner.query(
      `INSERT INTO ring.schedule (scope, due_at, acted_at, key_id, request_id)
       VALUES ($1, $2, clock_timestamp() - interval '1 year', 'k', gen_random_uuid())`,
      [DOMAIN, (due?.step as { dueAt: Date }).dueAt],
    );
    const before = await heart.rows();
    await turn(one, two);
    expect(await heart.rows()).toEqual(before);
    expect(await failures()).toEqual([]);
  });

  it('times that were missed are caught up once', async () => {
    await pass(heart, '70 days');
    await turn(one, two);
    expect(await states()).toBe('active staged');
    await apply(heart, DOMAIN);
    await pass(heart, '15 min');
    await turn(one);
    await apply(heart, DOMAIN);
    await pass(heart, '2 hours');
    await turn(one);
    await turn(one, two);
    expect(await states()).toBe('retired active');
  });

  it('a replica that dies over a due time: the others neither forget it nor do it twice', async () => {
    const dying = await heart.replica({ dies: true });
    await pass(heart, '7 days 10 min');
    void dying.rotator.turn();
    await eventually(async () => (await states()) === 'active staged');
    await turn(one, two);
    // What it left to finish is Resume's, and comes first.
    one.resume.onApplicationBootstrap();
    await eventually(async () => (await one.rotator.due(DOMAIN))?.step.step !== 'finish_switch');
    await apply(heart, DOMAIN);
    await pass(heart, '15 min');
    await turn(one, two);
    expect(await states()).toBe('retiring active');
    expect(await actions()).toEqual(['rotation signing.stage', 'rotation signing.rotate']);
    await one.resume.onModuleDestroy();
  });

  it("against a person who rotates at that moment: exactly one wins, and it is nobody's failure", async () => {
    await pass(heart, '7 days 10 min');
    meet('generate-key', 2);
    const person = two.openRotation.open(rotation('mine'), identity('signing.rotate'));
    const [mine] = await Promise.allSettled([person, turn(one)]);
    const won = detailOf(mine);
    expect(await actions()).toHaveLength(1);
    expect(won === 'done' ? await states() : won).toBe(
      won === 'done' ? 'retiring active' : 'signing: another key is staged',
    );
    expect(await failures()).toEqual([]);
  });

  it('a replica that stood still over a rotation of a person, opened and closed, does not act on the time before it', async () => {
    await pass(heart, '7 days 10 min');
    const stoodStill = await one.rotator.due(DOMAIN);
    await two.openRotation.open(rotation('mine'), identity('signing.rotate'));
    await apply(heart, DOMAIN);
    await two.closeRotation.close(
      { scope: DOMAIN, oldKeyId: 'k1', newKeyId: 'mine', force: false },
      identity('signing.close'),
    );
    const stale = () => one.steps.take(stoodStill!.step, stoodStill!.stored, stoodStill!.now);
    expect(detailOf(await settled(stale()))).toBe('signing: epoch mismatch');
    expect(await keys()).toEqual(['k1 retired', 'mine active']);
    expect(await heart.owner.query('SELECT FROM ring.schedule')).toEqual([]);
  });

  it('nor by a schedule that a person ended while it stood still', async () => {
    await pass(heart, '7 days 10 min');
    const stoodStill = await one.rotator.due(DOMAIN);
    await decide(heart, DOMAIN, { ...WEEKLY, rotateEvery: null });
    const stale = () => one.steps.take(stoodStill!.step, stoodStill!.stored, stoodStill!.now);
    expect(detailOf(await settled(stale()))).toBe('signing: epoch mismatch');
    expect(await states()).toBe('active');
  });

  it('waits while a rotation of a person is open, and counts from that one', async () => {
    await pass(heart, '7 days 10 min');
    await one.openRotation.open(rotation('mine'), identity('signing.rotate'));
    await turn(one);
    expect(await keys()).toEqual(['k1 retiring', 'mine active']);
    await decide(heart, DOMAIN, { ...WEEKLY, close: 'manual' });
    await pass(heart, '7 days 10 min');
    await turn(one);
    expect((await one.rotator.due(DOMAIN))?.step).toMatchObject({
      step: 'wait',
      reason: 'due, and a rotation is open',
    });
  });

  it('a Node that is silent keeps the key staged until its time is over, and then it is taken back', async () => {
    await pass(heart, '7 days 10 min');
    await turn(one);
    await pass(heart, '7 days 15 min');
    await turn(one, two);
    expect(await states()).toBe('active retired');
    expect(await actions()).toEqual(['rotation signing.stage', 'rotation signing.unstage']);
    expect(await heart.owner.query('SELECT outcome, end_reason FROM ring.promotion')).toEqual([
      { outcome: 'dropped', end_reason: 'the key is not staged any more' },
    ]);
  });
});

/** Rings in which a staged key waits for its time: looked at in each turn, and nothing is to be done. */
const addWaiting = (count: number): Promise<unknown> =>
  heart.owner.query(
    `WITH waiting AS (SELECT 'domain:' || gen_random_uuid() AS scope FROM generate_series(1, $1)),
          ring AS (INSERT INTO ring.key_ring (scope, epoch, trust_epoch) SELECT scope, 2, 2 FROM waiting),
          key AS (INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state, staged_at, rotate_by, verifies_until)
                  SELECT scope, state, 'Ed25519', scope || state, state, at, at + interval '1 day', at + interval '2 days'
                    FROM waiting, (VALUES ('active', NULL), ('staged', now())) AS key (state, at)),
          change AS (INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id, switched_at)
                     SELECT scope, 2, 'policy', 'active', gen_random_uuid()::text, now() FROM waiting)
     INSERT INTO ring.promotion (scope, key_id, percent, deadline, asked_at, actor, request_id)
     SELECT scope, 'staged', 100, now() + interval '1 day', now(), 'somebody', gen_random_uuid() FROM waiting`,
    [count],
  );

it('rings that wait for days keep none out that is due: each has its turn', async () => {
  await decide(heart, DOMAIN, WEEKLY);
  await pass(heart, '7 days 10 min');
  await addWaiting(40);
  // Sixteen a turn.
  for (let n = 0; n < 3; n += 1) await turn(one);
  expect(await failures()).toEqual([]);
  expect(await states()).toBe('active staged');
  // And again, whoever had one before.
  await apply(heart, DOMAIN);
  await pass(heart, '15 min');
  await heart.owner.query(`UPDATE ring.signing_key SET staged_at = clock_timestamp() WHERE scope <> $1`, [DOMAIN]);
  for (let n = 0; n < 3; n += 1) await turn(one);
  expect(await states()).toBe('retiring active');
});

describe('what fails', () => {
  beforeEach(async () => {
    await decide(heart, DOMAIN, WEEKLY);
    await pass(heart, '7 days 10 min');
    heart.signers.areAway = true;
  });

  it('is written down and tried again ever later, by whichever replica, until it is done', async () => {
    await turn(one);
    expect(await failures()).toEqual([
      { step: 'stage', detail: 'signing: no signer available', failures: 1, pause: 5 },
    ]);
    const asked = heart.signers.asked.length;
    await turn(one, two);
    expect(heart.signers.asked).toHaveLength(asked);
    await heart.owner.query(`UPDATE ring.rotator_failure SET retry_at = failed_at`);
    await turn(two);
    expect(await failures()).toMatchObject([{ failures: 2, pause: 10 }]);
    heart.signers.areAway = false;
    await heart.owner.query(`UPDATE ring.rotator_failure SET retry_at = failed_at`);
    await turn(one);
    expect([await states(), await failures()]).toEqual(['active staged', []]);
  });

  it('holds up no other scope', async () => {
    await decide(heart, 'platform', WEEKLY);
    await pass(heart, '7 days 10 min');
    let asked = 0;
    heart.signers.areAway = false;
    heart.signers.meanwhile = async (verb) => {
      if (verb === 'generate-key' && asked++ === 0) throw new Error('postgres://owner:secret@host');
    };
    await turn(one);
    const [{ count }] = await heart.owner.query<[{ count: string }]>(
      `SELECT count(*) FROM ring.signing_key WHERE state = 'staged'`,
    );
    expect(count).toBe('1');
    // What an error says is not for everybody.
    expect(await failures()).toMatchObject([{ detail: 'signing: internal error' }]);
  });

  it('is forgotten where nothing is to be done any more', async () => {
    await turn(one);
    await decide(heart, DOMAIN, {});
    await turn(one);
    expect(await failures()).toEqual([]);
  });
});

describe('closing', () => {
  const closing = { scope: DOMAIN, oldKeyId: 'k1', newKeyId: 'k2', force: false };
  beforeEach(async () => {
    await one.openRotation.open(rotation('k2'), identity('signing.rotate'));
  });

  it('is by hand where nothing else is decided', async () => {
    await pass(heart, '1 day');
    await turn(one, two);
    expect(await states()).toBe('retiring active');
  });

  it('by itself comes no sooner than closes_at, by one of two replicas', async () => {
    await decide(heart, DOMAIN, { close: 'automatic' });
    await apply(heart, DOMAIN);
    await turn(one, two);
    expect(await states()).toBe('retiring active');
    await pass(heart, '1 hour');
    await turn(one, two);
    expect(await states()).toBe('retired active');
    expect(await actions()).toEqual(['person signing.rotate', 'rotation signing.close']);
  });

  it('by itself is not done by a replica that stood still while a person took it into their own hands', async () => {
    await decide(heart, DOMAIN, { close: 'automatic' });
    await apply(heart, DOMAIN);
    await pass(heart, '1 hour');
    const stoodStill = await one.rotator.due(DOMAIN);
    expect(stoodStill?.step.step).toBe('close');
    await decide(heart, DOMAIN, { close: 'manual' });
    const stale = () => one.steps.take(stoodStill!.step, stoodStill!.stored, stoodStill!.now);
    expect(detailOf(await settled(stale()))).toBe('signing: epoch mismatch');
    expect(await states()).toBe('retiring active');
  });

  it('by hand of what was closed by itself meanwhile is answered as that close was', async () => {
    await decide(heart, DOMAIN, { close: 'automatic' });
    await pass(heart, '1 hour');
    await turn(two);
    const before = await actions();
    const reply = await one.closeRotation.close(closing, identity('signing.close'));
    expect(reply).toMatchObject({ old_key_id: 'k1', new_key_id: 'k2', epoch: 3, lagging: ['node of k1'] });
    expect(await actions()).toEqual(before);
    const other = one.closeRotation.close({ ...closing, newKeyId: 'k3' }, identity('signing.close'));
    expect(detailOf((await Promise.allSettled([other]))[0])).toBe('signing: no open rotation');
  });

  it('by hand of what another person has closed is refused', async () => {
    await two.closeRotation.close({ ...closing, force: true }, identity('signing.close'));
    const again = one.closeRotation.close(closing, identity('signing.close'));
    expect(detailOf((await Promise.allSettled([again]))[0])).toBe('signing: no open rotation');
  });
});
