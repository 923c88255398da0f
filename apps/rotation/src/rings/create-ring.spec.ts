// The birth of a ring, on a real PostgreSQL and by two replicas; the signers are played.
import 'reflect-metadata';
import { migrateStore } from '@plexsphere/store';
import { testDatabase } from '@plexsphere/testkit';
import { PLATFORM } from '@plexsphere/wire';
import { HOLDERS, Heart, identity, type Replica } from '../../testing/heart';

jest.setTimeout(120_000);

const NEW = 'domain:bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb';
const refusal = { name: 'domainExists', field: 'id' } as const;

let heart: Heart;
let replicas: Replica[];

beforeEach(async () => {
  heart = await Heart.start(await testDatabase({ name: 'store', prepare: migrateStore }));
  replicas = [await heart.replica(), await heart.replica()];
});
afterEach(() => heart.stop());

const create = (keyId: string, replica = 0) =>
  replicas[replica]!.createRing.create({ scope: NEW, keyId, refusal }, identity('domain.create'));

it('is at epoch 1 with one active key, by a statement of the platform, and is served when it returns', async () => {
  expect(await create('k1')).toMatchObject({ scope: NEW, epoch: 1, issuer: null });
  expect(
    await heart.owner.query(
      `SELECT epoch, trust_epoch, key_id, algorithm, state, change
         FROM ring.key_ring JOIN ring.signing_key USING (scope) JOIN ring.ring_change USING (scope, epoch) WHERE scope = $1`,
      [NEW],
    ),
  ).toEqual([
    {
      ...{ epoch: '1', trust_epoch: '1', key_id: 'k1', algorithm: 'Ed25519', state: 'active', change: 'create' },
    },
  ]);
  const [statement] = await heart.statements(NEW);
  expect(statement).toMatchObject({ type: 'create', authority_epoch: 1, new_key_id: 'k1', next: expect.any(String) });
  expect(heart.signers.asked[0]?.body).toMatchObject({ type: 'create', scope: NEW, authority_epoch: 1 });
  expect(await heart.owner.query(`SELECT FROM ring.lease WHERE epochs ? '${NEW}'`)).toHaveLength(HOLDERS.length);
  expect(await heart.owner.query('SELECT FROM outbox.event')).toEqual([]);
  expect(await heart.owner.query('SELECT FROM ring.transition')).toEqual([]);
});

it('happens once: of two at once the other is told what there is, and asks no signer later', async () => {
  const ends = await Promise.allSettled([create('k1', 0), create('k2', 1)]);
  expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const asked = heart.signers.times('generate-key');
  await expect(create('k3')).rejects.toMatchObject({ code: 'ALREADY_EXISTS', body: { field: 'id' } });
  expect(heart.signers.times('generate-key')).toBe(asked);
});

it('needs the platform as it is: a rotation of it between preparation and commit has it prepared anew', async () => {
  let moved = false;
  heart.signers.meanwhile = async (verb) => {
    if (verb !== 'generate-key' || moved) return;
    moved = true;
    await replicas[1]!.openRotation.open({ scope: PLATFORM, newKeyId: 'p2', reason: null }, identity('signing.rotate'));
  };
  await create('k1');
  const authorities = heart.signers.asked.filter(({ body }) => body['type'] === 'create');
  expect(authorities.map(({ body }) => body['authority_epoch'])).toEqual([1, 2]);
});

it('is not there where no signer makes its key', async () => {
  heart.signers.areAway = true;
  await expect(create('k1')).rejects.toMatchObject({ detail: 'signing: no signer available' });
  expect(await heart.owner.query('SELECT FROM ring.key_ring WHERE scope = $1', [NEW])).toEqual([]);
});
