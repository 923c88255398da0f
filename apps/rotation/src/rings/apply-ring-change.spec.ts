// Writing what the domain decides, on a real PostgreSQL with its unique indexes, under rotation's own role.
import type { Key, KeyRing, Transition } from '@plexsphere/keyring';
import { migrateStore, storeOptions } from '@plexsphere/store';
import { testDatabase, type TestDatabase } from '@plexsphere/testkit';
import { MESH_ALGORITHM } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import { applyRingChange } from './apply-ring-change';
import { existing, readRing } from './read-ring';

jest.setTimeout(60_000);

const SCOPE = 'domain:aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
const AT = new Date('2026-01-01T00:00:00Z');

let test: TestDatabase;
let owner: DataSource;
let database: DataSource;

beforeEach(async () => {
  test = await testDatabase({ name: 'store', prepare: migrateStore });
  owner = await new DataSource({ type: 'postgres', url: test.url }).initialize();
  database = await new DataSource(storeOptions(await test.urlAs('rotation'), 'test')).initialize();
});

afterEach(async () => {
  await Promise.all([database.destroy(), owner.destroy()]);
  await test.drop();
});

const UNTIL = new Date(AT.getTime() + 2_000);

const key = (keyId: string, state: Key['state']): Key => ({
  ...{ keyId, state },
  verifiesUntil: state === 'retiring' ? UNTIL : null,
  ...{ stagedAt: null, publishedAt: null, rotateBy: null, longestTokenMs: null, tokensUntil: null, foreign: null },
});

const ring = (epoch: number, keys: Key[]): KeyRing => ({ scope: SCOPE, epoch, trustEpoch: epoch, keys });

const transition = (oldKeyId: string, newKeyId: string, outcome: Transition['outcome']): Transition => ({
  scope: SCOPE,
  oldKeyId,
  newKeyId,
  openedAt: AT,
  activatedAt: AT,
  closesAt: new Date(AT.getTime() + 1_000),
  transitionExpires: UNTIL,
  outcome,
});

/** With the transition open that its newest keys are of. */
async function store({ epoch, keys }: KeyRing, open: Transition | null): Promise<void> {
  await owner.query('INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ($1, $2, $2)', [SCOPE, epoch]);
  for (const { keyId, state, verifiesUntil } of keys) {
    await owner.query(
      `INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state, verifies_until, staged_at)
       VALUES ($1, $2, 'Ed25519', 'A', $3, $4, now())`,
      [SCOPE, keyId, state, verifiesUntil],
    );
  }
  await owner.query(
    `INSERT INTO ring.ring_change (scope, epoch, change, active_key_id, event_id) VALUES ($1, $2, 'rotate', 'k', 'e')`,
    [SCOPE, epoch],
  );
  if (open === null) return;
  await owner.query(
    `INSERT INTO ring.transition (scope, old_key_id, new_key_id, opened_at, activated_at, closes_at, transition_expires,
                                  opened_epoch, actor, request_id)
     VALUES ($1, $2, $3, $4, $4, $5, $6, $7, 'a', gen_random_uuid())`,
    [SCOPE, open.oldKeyId, open.newKeyId, open.openedAt, open.closesAt, open.transitionExpires, epoch],
  );
}

const stored = async (): Promise<Key[]> => {
  const keys = await owner.query<Key[]>(
    `SELECT key_id AS "keyId", state, verifies_until AS "verifiesUntil", longest_token_ms AS "longestTokenMs",
            tokens_until AS "tokensUntil" FROM ring.signing_key ORDER BY key_id`,
  );
  return keys.map((each) => ({ ...each, stagedAt: null, publishedAt: null, rotateBy: null, foreign: null }));
};

const outcomes = async (): Promise<unknown[]> => {
  const rows = await owner.query<{ outcome: string | null }[]>(
    'SELECT outcome FROM ring.transition ORDER BY opened_epoch',
  );
  return rows.map(({ outcome }) => outcome);
};

const REQUEST = '10000000-0000-4000-8000-000000000001';

const change = (after: KeyRing, next: Transition, made: 'a new key' | null = null): Promise<unknown> =>
  database.transaction(async (manager) =>
    applyRingChange(manager, {
      before: await existing(readRing(manager, SCOPE)),
      after: { change: 'rotate', ring: after, transition: next, gone: [], statement: null },
      at: AT,
      identity: { requestId: REQUEST, command: 'signing.rotate', actor: 'a', bodyHash: 'b' },
      reason: null,
      made: {
        key: made && { algorithm: MESH_ALGORITHM, publicKey: 'A' },
        statement: made && { text: 's', hash: 'h', next: 'n', bySuperior: false, authorityEpoch: null },
      },
      detail: {},
    }),
  );

it.each<[string, Key[], Key[]]>([
  [
    'the older key comes back',
    [key('k1', 'retiring'), key('k2', 'active')],
    [key('k1', 'active'), key('k2', 'retired')],
  ],
  ['the other way round', [key('k1', 'active'), key('k2', 'staged')], [key('k1', 'retiring'), key('k2', 'active')]],
  [
    'with keys beside that leave the ring',
    [key('k0', 'staged'), key('k1', 'retiring'), key('k2', 'active')],
    [key('k0', 'retired'), key('k1', 'active'), key('k2', 'revoked')],
  ],
])(
  'P-10: an active key hands over to one that the ring holds, in whatever order they stand: %s',
  async (_, had, has) => {
    const open = transition('k1', 'k2', null);
    await store(ring(3, had), open);
    await change(ring(4, has), { ...open, outcome: 'rolled_back' });
    expect(await stored()).toEqual(has);
    expect(await outcomes()).toEqual(['rolled_back']);
  },
);

it('P-10: a new key enters as the last, wherever the domain lists it', async () => {
  await store(ring(1, [key('k1', 'active')]), null);
  await change(ring(2, [key('k2', 'active'), key('k1', 'retiring')]), transition('k1', 'k2', null), 'a new key');
  expect(await stored()).toEqual([key('k1', 'retiring'), key('k2', 'active')]);
  expect(await outcomes()).toEqual([null]);
});

it('writes no key that nobody made, and nothing else then', async () => {
  await store(ring(1, [key('k1', 'active')]), null);
  const after = ring(2, [key('k1', 'retiring'), key('k2', 'active')]);
  await expect(change(after, transition('k1', 'k2', null))).rejects.toThrow('nobody made');
  expect(await stored()).toEqual([key('k1', 'active')]);
});

it('is not written over a ring that has moved on since it was read', async () => {
  await store(ring(3, [key('k1', 'active')]), transition('k0', 'k1', null));
  const moved = database.transaction(async (manager) => {
    const before = await existing(readRing(manager, SCOPE));
    await owner.query('UPDATE ring.key_ring SET epoch = 9');
    return applyRingChange(manager, {
      before,
      after: {
        ...{ change: 'close', ring: { ...before.ring, epoch: 4 }, transition: transition('k0', 'k1', 'closed') },
        ...{ gone: ['k0'], statement: null },
      },
      at: AT,
      identity: { requestId: REQUEST, command: 'signing.close', actor: 'a', bodyHash: 'b' },
      reason: null,
      made: { key: null, statement: null },
      detail: {},
    });
  });
  await expect(moved).rejects.toMatchObject({ detail: 'signing: epoch mismatch' });
  expect(await outcomes()).toEqual([null]);
});

it.each([
  ['a key that retires and has no end', { ...key('k1', 'retiring'), verifiesUntil: null }],
  ['a key that signs and has an end', { ...key('k1', 'active'), verifiesUntil: UNTIL }],
  ['a retired key that has an end', { ...key('k1', 'retired'), verifiesUntil: UNTIL }],
])('H1: the database takes no %s', async (_, refused) => {
  await expect(store(ring(1, [refused]), null)).rejects.toMatchObject({ driverError: { code: '23514' } });
});
