// What a replica leaves that died after a commit, on a real PostgreSQL; the signers are played.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import { eventually, testDatabase } from '@plexsphere/testkit';
import { DOMAIN, HOLDERS, Heart, identity, type Replica } from '../../testing/heart';

jest.setTimeout(120_000);

let heart: Heart;
let dying: Replica;
let others: Replica[];

beforeEach(async () => {
  heart = await Heart.start(await testDatabase({ name: 'store', prepare: migrateStore }));
  dying = await heart.replica({ dies: true });
  others = [await heart.replica(), await heart.replica()];
});
afterEach(async () => {
  await Promise.all(others.map(({ resume }) => resume.onModuleDestroy()));
  await heart.stop();
});

const opening = { scope: DOMAIN, newKeyId: 'k2', reason: null };
const closing = { scope: DOMAIN, oldKeyId: 'k1', newKeyId: 'k2', force: true };
const resume = (): void => others.forEach((each) => each.resume.onApplicationBootstrap());

const recorded = (): Promise<{ switched: boolean; ended: boolean; destroyed: boolean }[]> =>
  heart.owner.query(
    `SELECT opening.switched_at IS NOT NULL AS switched, ending.switched_at IS NOT NULL AS ended,
            old.destroyed_at IS NOT NULL AS destroyed
       FROM ring.transition AS t
       JOIN ring.ring_change AS opening ON opening.scope = t.scope AND opening.epoch = t.opened_epoch
       LEFT JOIN ring.ring_change AS ending ON ending.scope = t.scope AND ending.epoch = t.ended_epoch
       JOIN ring.signing_key AS old ON old.scope = t.scope AND old.key_id = t.old_key_id`,
  );

/** Asks the replica that will die, and returns when it has committed. */
async function committed(work: (replica: Replica) => Promise<unknown>, audited: number): Promise<void> {
  void work(dying);
  await eventually(async () => (await heart.owner.query('SELECT FROM ring.audit')).length === audited);
}

it('a rotation that was committed is switched by others, who tell no Node anything', async () => {
  await committed(({ openRotation }) => openRotation.open(opening, identity('signing.rotate')), 1);
  expect(await recorded()).toEqual([{ switched: false, ended: false, destroyed: false }]);
  const messages = await heart.owner.query('SELECT * FROM outbox.key_message');
  resume();
  await eventually(async () => (await recorded())[0]?.switched === true);
  expect(await heart.owner.query('SELECT * FROM outbox.key_message')).toEqual(messages);
  expect(await heart.owner.query('SELECT FROM ring.audit')).toHaveLength(1);
  const epochs = await heart.owner.query<{ at: number }[]>(`SELECT (epochs ->> $1)::int AS at FROM ring.lease`, [
    DOMAIN,
  ]);
  expect(epochs).toEqual(HOLDERS.map(() => ({ at: 2 })));
});

it('whoever asks again gets the answer of the replica that died, and the switch with it', async () => {
  const request = identity('signing.rotate', randomUUID());
  await committed(({ openRotation }) => openRotation.open(opening, request), 1);
  const reply = await others[0]!.openRotation.open(opening, request);
  expect(reply).toMatchObject({ new_key_id: 'k2', epoch: 2, confirmed: HOLDERS });
  expect(await recorded()).toEqual([{ switched: true, ended: false, destroyed: false }]);
  expect(heart.signers.times('generate-key')).toBe(1);
});

it('a close is switched, and only then the old key is destroyed', async () => {
  await others[0]!.openRotation.open(opening, identity('signing.rotate'));
  await committed(({ closeRotation }) => closeRotation.close(closing, identity('signing.close')), 2);
  let before: unknown;
  heart.signers.meanwhile = async (verb) => {
    if (verb === 'destroy-key') before ??= (await recorded())[0]?.ended;
  };
  resume();
  await eventually(async () => (await recorded())[0]?.destroyed === true);
  expect(before).toBe(true);
  expect(await recorded()).toEqual([{ switched: true, ended: true, destroyed: true }]);
});

it('a close whose opening was never switched: both are behind it', async () => {
  await committed(({ openRotation }) => openRotation.open(opening, identity('signing.rotate')), 1);
  await committed(({ closeRotation }) => closeRotation.close(closing, identity('signing.close')), 2);
  resume();
  await eventually(async () => (await recorded())[0]?.destroyed === true);
});

it('keys that no ring took are forgotten after an hour, those that one took are not', async () => {
  const [{ preparedKeys, openRotation }] = others as [Replica];
  for (const kid of ['lost', 'young']) await preparedKeys.record(DOMAIN, kid);
  await openRotation.open(opening, identity('signing.rotate'));
  // An attempt that lost against the one which took it wrote it down once more.
  await preparedKeys.record(DOMAIN, 'k2');
  await heart.owner.query(
    `UPDATE ring.prepared_key SET prepared_at = prepared_at - interval '61 min' WHERE key_id <> 'young'`,
  );
  await preparedKeys.sweep();
  expect(await heart.owner.query('SELECT key_id FROM ring.prepared_key')).toEqual([{ key_id: 'young' }]);
  const forgotten = heart.signers.asked.filter(({ verb }) => verb === 'forget-key');
  expect(forgotten.map(({ body }) => body['key_id'])).toEqual(['lost']);
});

it('a key that no signer forgets yet stays written down', async () => {
  const [{ preparedKeys }] = others as [Replica];
  await preparedKeys.record(DOMAIN, 'lost');
  await heart.owner.query(`UPDATE ring.prepared_key SET prepared_at = prepared_at - interval '61 min'`);
  heart.signers.areAway = true;
  await preparedKeys.sweep();
  expect(await heart.owner.query(`SELECT FROM ring.prepared_key WHERE key_id = 'lost'`)).toHaveLength(1);
});
