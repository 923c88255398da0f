// Keys that are published before they sign, on a real PostgreSQL and by two replicas; the signers are played.
import 'reflect-metadata';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { DOMAIN, HOLDERS, Heart, detailOf, identity, type Replica } from '../../testing/heart';

jest.setTimeout(120_000);

let heart: Heart;
let one: Replica;
let other: Replica;

beforeEach(async () => {
  heart = await Heart.start(await testDatabase({ name: 'store', prepare: migrateStore }));
  [one, other] = [await heart.replica(), await heart.replica()];
});
afterEach(() => heart.stop());

const DAY_MS = 86_400_000;
const stage = (newKeyId: string, { stageKey } = one, rotateWithinMs = 7 * DAY_MS) =>
  stageKey.stage({ scope: DOMAIN, newKeyId, rotateWithinMs, reason: null }, identity('signing.stage'));
const unstage = (keyId?: string, { stageKey } = one) =>
  stageKey.unstage({ scope: DOMAIN, keyId, reason: null }, identity('signing.unstage'));
const rotate = (newKeyId: string, force = false, { openRotation } = one) =>
  openRotation.open({ scope: DOMAIN, newKeyId, reason: null, force }, identity('signing.rotate'));
const close = () =>
  one.closeRotation.close({ scope: DOMAIN, oldKeyId: 'k1', newKeyId: 'k2', force: true }, identity('signing.close'));

/** As if the staged key had been published so much earlier. */
const wait = (span: string) =>
  heart.owner.query(
    `UPDATE ring.signing_key SET staged_at = staged_at - interval '${span}', published_at = published_at - interval '${span}',
            rotate_by = rotate_by - interval '${span}' WHERE state = 'staged'`,
  );
const keys = async (): Promise<string[]> => {
  const rows = await heart.owner.query<{ key_id: string; state: string }[]>(
    'SELECT key_id, state FROM ring.signing_key WHERE scope = $1 ORDER BY key_id',
    [DOMAIN],
  );
  return rows.map(({ key_id, state }) => `${key_id} ${state}`);
};

it('publishes the key that was committed to, for as long as a rotation to it may take, and tells the Nodes', async () => {
  const reply = await stage('k2');
  expect(reply).toMatchObject({
    ...{ scope: DOMAIN, epoch: 2, active_key_id: 'k1', staged_key_id: 'k2', confirmed: HOLDERS, unready: [], nodes: 1 },
  });
  const at = (member: 'staged_at' | 'propagated_at' | 'rotate_by' | 'transition_expires') => Date.parse(reply[member]);
  // Counted from when everybody serves it.
  const [{ published }] = await heart.owner.query<[{ published: Date }]>(
    `SELECT published_at AS published FROM ring.signing_key WHERE key_id = 'k2'`,
  );
  expect(at('propagated_at') - published.getTime()).toBe(900_000);
  expect(published.getTime()).toBeGreaterThan(at('staged_at'));
  expect(at('rotate_by') - at('staged_at')).toBe(7 * DAY_MS);
  // The overlap window and the clock skew more.
  expect(at('transition_expires') - at('rotate_by')).toBe(3_600_000 + 30_000);
  expect(await keys()).toEqual(['k1 active', 'k2 staged']);
  const [first, second] = await heart.statements();
  expect(second).toMatchObject({
    ...{ type: 'stage', old_key_id: 'k1', new_key_id: 'k2', closes_at: null, previous: first?.hash },
    ...{ transition_expires: reply.transition_expires, comesIn: first?.next },
  });
  expect(await heart.owner.query('SELECT event_type, epoch FROM outbox.event')).toEqual([
    { event_type: 'signing_key_rotated', epoch: '2' },
  ]);
  expect(await heart.owner.query('SELECT action FROM ring.audit')).toEqual([{ action: 'signing.stage' }]);
  expect(await heart.owner.query('SELECT FROM ring.transition')).toEqual([]);
});

it('signs after a rotate: one signature, no key made, and the commitment stays', async () => {
  await stage('k2');
  await wait('16 min');
  const made = heart.signers.times('generate-key');
  const reply = await rotate('k2');
  expect(reply).toMatchObject({ old_key_id: 'k1', new_key_id: 'k2', epoch: 3, confirmed: HOLDERS });
  expect(heart.signers.times('generate-key')).toBe(made);
  // Everybody has tried the key that signs now.
  expect(heart.signers.asked.filter(({ verb, body }) => verb === 'load-key' && body['key_id'] === 'k2')).toHaveLength(
    4,
  );
  const [, staged, rotated] = await heart.statements();
  expect(rotated).toMatchObject({ type: 'rotate', next: staged?.next, new_public_key: staged?.new_public_key });
  expect(JSON.parse((await headText()) ?? '').signatures).toHaveLength(1);
  expect(await keys()).toEqual(['k1 retiring', 'k2 active']);
});

const headText = async (): Promise<string | undefined> => {
  const [row] = await heart.owner.query<{ statement: string }[]>(
    'SELECT statement FROM ring.ring_change WHERE scope = $1 AND statement IS NOT NULL ORDER BY epoch DESC LIMIT 1',
    [DOMAIN],
  );
  return row?.statement;
};

it('is taken back, and its private half is destroyed', async () => {
  await stage('k2');
  expect(await unstage()).toMatchObject({ epoch: 3, active_key_id: 'k1', unstaged_key_id: 'k2', confirmed: HOLDERS });
  expect(await keys()).toEqual(['k1 active', 'k2 retired']);
  expect(heart.signers.asked.at(-1)).toMatchObject({ verb: 'destroy-key', body: { key_id: 'k2' } });
  const [, staged, unstaged] = await heart.statements();
  expect(unstaged).toMatchObject({ type: 'unstage', old_key_id: 'k2', new_key_id: 'k1', next: staged?.next });
});

it.each<[string, () => unknown, () => Promise<unknown>, string]>([
  ['a second one', () => stage('k2'), () => stage('k3'), 'another key is staged'],
  ['a rotate to another key', () => stage('k2'), () => rotate('k3'), 'another key is staged'],
  ['a rotate to it at once', () => stage('k2'), () => rotate('k2'), 'not propagated yet'],
  [
    'a rotate to it too late',
    () => stage('k2').then(() => wait('8 d')),
    () => rotate('k2', true),
    'staged key expired',
  ],
  ['one while a rotation is open', () => rotate('k2'), () => stage('k3'), 'rotation in progress'],
  ['a key id of before', () => rotate('k2').then(close), () => stage('k1'), 'key id in use'],
  ['an unstage of nothing', () => undefined, () => unstage(), 'key not staged'],
  ['an unstage of another', () => stage('k2'), () => unstage('k1'), 'key not staged'],
])('is refused: %s, and nothing has changed', async (_, arrange, ask, detail) => {
  await arrange();
  const before = await heart.rows();
  await expect(ask()).rejects.toMatchObject({ detail: `signing: ${detail}` });
  expect(await heart.rows()).toEqual(before);
});

it('is rotated to at once where an admin insists, which the audit log says', async () => {
  await stage('k2');
  await expect(rotate('k2')).rejects.toMatchObject({ body: { propagated_at: expect.any(String) } });
  await rotate('k2', true);
  const [row] = await heart.owner.query<{ detail: object }[]>(`SELECT detail FROM ring.audit ORDER BY id DESC LIMIT 1`);
  expect(row?.detail).toMatchObject({ forced: true });
});

it('a key ahead that does not open stops a stage and no rotate of the staged key', async () => {
  const [first] = await heart.statements();
  heart.signers.statements.lost.add(first?.next ?? '');
  await expect(stage('k2')).rejects.toMatchObject({ detail: 'signing: next key unavailable' });
  heart.signers.statements.lost.clear();
  await stage('k2');
  const [, staged] = await heart.statements();
  heart.signers.statements.lost.add(staged?.next ?? '');
  expect(await rotate('k2', true)).toMatchObject({ new_key_id: 'k2' });
});

it('of two at once at two replicas one is staged', async () => {
  const ends = await Promise.allSettled([stage('k2', one), stage('k3', other)]);
  expect(ends.map(detailOf).sort()).toEqual(['done', 'signing: another key is staged']);
});

it('of an unstage and a rotate at once one wins', async () => {
  await stage('k2');
  const ends = await Promise.allSettled([unstage('k2', one), rotate('k2', true, other)]);
  const [unstaged, rotated] = ends.map(detailOf);
  expect([unstaged, rotated].filter((end) => end === 'done')).toHaveLength(1);
  expect(await keys()).toEqual(rotated === 'done' ? ['k1 retiring', 'k2 active'] : ['k1 active', 'k2 retired']);
});

it('a statement that does not keep what was committed to is committed by nobody', async () => {
  const before = await heart.rows();
  const [first] = await heart.statements();
  heart.signers.statements.lies = { next: first?.next ?? null };
  const recommit = { scope: DOMAIN, reason: 'lost', statement: undefined };
  await expect(one.recommitRing.recommit(recommit, identity('signing.recommit'))).rejects.toMatchObject({
    detail: 'signing: next not kept',
  });
  heart.signers.statements.lies = { epoch: 9 };
  await expect(rotate('k2')).rejects.toMatchObject({ code: 'INTERNAL' });
  expect(await heart.rows()).toEqual(before);
});
