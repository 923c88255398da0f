// Writing a ring's states, on a real PostgreSQL with its unique indexes, under rotation's own role.
import type { Key, KeyRing } from '@plexsphere/keyring';
import { migrateStore, storeOptions } from '@plexsphere/store';
import { testDatabase, type TestDatabase } from '@plexsphere/testkit';
import { MESH_ALGORITHM } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import { writeRing } from './write-ring';

jest.setTimeout(60_000);

const SCOPE = 'domain:aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';

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

const ring = (epoch: number, keys: Key[]): KeyRing => ({ scope: SCOPE, epoch, trustEpoch: epoch, keys });

async function store({ epoch, keys }: KeyRing): Promise<void> {
  await owner.query('INSERT INTO ring.key_ring (scope, epoch, trust_epoch) VALUES ($1, $2, $2)', [SCOPE, epoch]);
  for (const { keyId, state } of keys) {
    await owner.query(
      `INSERT INTO ring.signing_key (scope, key_id, algorithm, public_key, state) VALUES ($1, $2, 'Ed25519', 'A', $3)`,
      [SCOPE, keyId, state],
    );
  }
}

const stored = async (): Promise<Record<string, string>> => {
  const rows = await owner.query<{ key_id: string; state: string }[]>('SELECT key_id, state FROM ring.signing_key');
  return Object.fromEntries(rows.map(({ key_id, state }) => [key_id, state]));
};

const change = (before: KeyRing, after: KeyRing, newKey?: string): Promise<void> =>
  database.transaction((manager) =>
    writeRing(
      manager,
      before,
      after,
      newKey === undefined ? null : { keyId: newKey, algorithm: MESH_ALGORITHM, publicKey: 'A' },
    ),
  );

it.each<[string, Key[], Key[]]>([
  [
    'the older key comes back',
    [
      { keyId: 'k1', state: 'retiring' },
      { keyId: 'k2', state: 'active' },
    ],
    [
      { keyId: 'k1', state: 'active' },
      { keyId: 'k2', state: 'retired' },
    ],
  ],
  [
    'the other way round',
    [
      { keyId: 'k1', state: 'active' },
      { keyId: 'k2', state: 'staged' },
    ],
    [
      { keyId: 'k1', state: 'retiring' },
      { keyId: 'k2', state: 'active' },
    ],
  ],
  [
    'with keys beside that leave the ring',
    [
      { keyId: 'k0', state: 'staged' },
      { keyId: 'k1', state: 'retiring' },
      { keyId: 'k2', state: 'active' },
    ],
    [
      { keyId: 'k0', state: 'retired' },
      { keyId: 'k1', state: 'active' },
      { keyId: 'k2', state: 'revoked' },
    ],
  ],
])(
  'P-10: an active key hands over to one that the ring holds, in whatever order they stand: %s',
  async (_, had, has) => {
    await store(ring(3, had));
    await change(ring(3, had), ring(4, has));
    expect(await stored()).toEqual(Object.fromEntries(has.map(({ keyId, state }) => [keyId, state])));
  },
);

it('P-10: a new key enters as the last, wherever the domain lists it', async () => {
  const before = ring(1, [{ keyId: 'k1', state: 'active' }]);
  await store(before);
  const after = ring(2, [
    { keyId: 'k2', state: 'active' },
    { keyId: 'k1', state: 'retiring' },
  ]);
  await change(before, after, 'k2');
  expect(await stored()).toEqual({ k1: 'retiring', k2: 'active' });
});
