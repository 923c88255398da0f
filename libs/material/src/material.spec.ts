// The key store on a real PostgreSQL, as the signer's role sees it.
import { randomBytes } from 'node:crypto';
import { testDatabase, type TestDatabase } from '@plexsphere/testkit';
import { ALGORITHMS, MESH_ALGORITHM, publicKeyFromText } from '@plexsphere/wire';
import { keyHash } from '@plexsphere/wire/jws';
import { DataSource } from 'typeorm';
import { insertBusKey, loadBusKey } from './bus-key-store';
import { LocalKek, type KekProvider } from './kek';
import { destroyKey, forgetPreparedKey, loadKey, requireOwnKek, type KeyName } from './key-store';
import { forgetKeysAhead, introduceKey, makeKeyAhead } from './key-ahead';
import { MaterialError } from './errors';
import { migrateMaterial } from './migrate';
import { loadSigningKey, makeSigningKey, type SigningKey } from './signing-key';
import { raiseHorizon, readHorizon } from './token-horizon';

jest.setTimeout(60_000);

const SIGNER = 'plexsphere_test_signer';

let database: TestDatabase;
let owner: DataSource;
let signer: DataSource;
const kek = new LocalKek(randomBytes(32));
const otherKek = new LocalKek(randomBytes(32));
const first = { scope: 'platform', keyId: 'platform-1' };
const second = { scope: 'platform', keyId: 'platform-2' };

const open = (url: string): Promise<DataSource> =>
  new DataSource({ type: 'postgres', url, extra: { max: 10 } }).initialize();

beforeAll(async () => {
  database = await testDatabase({ name: 'material', prepare: (url) => migrateMaterial(url, SIGNER) });
  owner = await open(database.url);
  signer = await open(await database.urlAs('signer'));
});

afterAll(async () => {
  await Promise.all([signer.destroy(), owner.destroy()]);
  await database.drop();
});

beforeEach(() => owner.query('TRUNCATE material.wrapped_key, material.bus_key'));

const make = (name: KeyName, by: KekProvider = kek): Promise<SigningKey> =>
  makeSigningKey(signer, by, name, MESH_ALGORITHM);

const signs = async ({ privateKey, publicKey }: SigningKey): Promise<boolean> =>
  publicKeyFromText(publicKey).verify(Buffer.from('x'), await privateKey.sign(Buffer.from('x')));

it('is migrated once', async () => {
  const empty = await testDatabase({ name: 'empty', prepare: () => Promise.resolve() });
  expect(await migrateMaterial(empty.url, SIGNER)).toEqual(['Material1700000000001', 'MaterialFormat1700000000099']);
  expect(await migrateMaterial(empty.url, SIGNER)).toEqual([]);
  await empty.drop();
});

it('keeps a key that signs, and in the table nothing of its private half', async () => {
  const made = await make(first);
  const loaded = await loadSigningKey(signer, kek, first);
  expect(loaded.publicKey).toBe(made.publicKey);
  expect(await signs(loaded)).toBe(true);
  const [row] = await signer.query<{ row: string }[]>(
    `SELECT row_to_json(k)::text || encode(ciphertext, 'hex') AS row FROM material.wrapped_key k`,
  );
  const pkcs8 = made.privateKey.secret();
  const d = pkcs8.subarray(-32).toString('base64url');
  expect(row?.row).not.toContain(d);
  expect(row?.row).not.toContain(Buffer.from(d, 'base64url').toString('hex'));
});

describe('a key that has no public half', () => {
  const secret = { scope: 'channel:chat:a-to-b', keyId: 'k' };
  it('is kept and opened like any other', async () => {
    const made = await makeSigningKey(signer, kek, secret, 'HS256');
    expect(made).toMatchObject({ algorithm: 'HS256', publicKey: null });
    const loaded = await loadSigningKey(signer, kek, secret);
    expect(made.privateKey.verify(Buffer.from('x'), await loaded.privateKey.sign(Buffer.from('x')))).toBe(true);
  });

  it('is refused where the row shows one', async () => {
    await makeSigningKey(signer, kek, secret, 'HS256');
    await owner.query(`UPDATE material.wrapped_key SET public_key = ''`);
    await expect(loadSigningKey(signer, kek, secret)).rejects.toMatchObject({ code: 'tampered' });
  });

  it('is not given to who asks for a key of another algorithm under its name', async () => {
    await makeSigningKey(signer, kek, secret, 'HS256');
    await expect(make(secret)).rejects.toMatchObject({ code: 'other_algorithm' });
    expect((await loadKey(signer, secret)).algorithm).toBe('HS256');
  });
});

it('gives everybody who asks for the same key at once the same key', async () => {
  const made = await Promise.all(Array.from({ length: 8 }, () => make(first)));
  expect(new Set(made.map(({ publicKey }) => publicKey)).size).toBe(1);
  expect(await Promise.all(made.map(signs))).not.toContain(false);
});

it('has the same key id in several scopes as different keys', async () => {
  const names = ['channel:chat:a-to-b', 'channel:chat:b-to-a', 'issuer:a'].map((scope) => ({ scope, keyId: 'k' }));
  const made = await Promise.all(names.map((name) => make(name)));
  expect(new Set(made.map(({ publicKey }) => publicKey)).size).toBe(3);
});

it('destroys a private half for good and keeps its name taken', async () => {
  await make(first);
  await destroyKey(signer, first);
  await destroyKey(signer, first);
  await expect(loadSigningKey(signer, kek, first)).rejects.toMatchObject({ code: 'key_destroyed' });
  await expect(make(first)).rejects.toMatchObject({ code: 'key_destroyed' });
  const rows = await owner.query('SELECT nonce, ciphertext FROM material.wrapped_key');
  expect(rows).toEqual([{ nonce: null, ciphertext: null }]);
});

const age = (by: string) => owner.query(`UPDATE material.wrapped_key SET prepared_at = prepared_at - interval '${by}'`);
const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);

describe('a key ahead', () => {
  const ahead = () => makeKeyAhead(signer, kek, 'platform', MESH_ALGORITHM);
  const introduce = (name: KeyName, hash: string) => introduceKey(signer, kek, name, hash);
  const names = async (): Promise<string[]> => {
    const rows = await owner.query<{ key_id: string }[]>('SELECT key_id FROM material.wrapped_key ORDER BY key_id');
    return rows.map(({ key_id }) => key_id);
  };
  const forget = (more: { kept?: string[]; introduced?: string } = {}) => {
    const { kept = [], introduced = null } = more;
    return forgetKeysAhead(signer, { scope: 'platform', kept, introduced, before: hoursAgo(1) });
  };

  it('is kept under the hash of its public half, and is the same key under whichever name it comes in', async () => {
    const hash = await ahead();
    expect(await names()).toEqual([`~${hash}`]);
    const [one, other] = [await introduce(first, hash), await introduce(second, hash)];
    expect(keyHash(one.publicKey ?? '')).toBe(hash);
    expect(other.publicKey).toBe(one.publicKey);
    expect(await signs(await loadSigningKey(signer, kek, second))).toBe(true);
  });

  it.each([
    ['is not there', () => 'A'.repeat(43)],
    [
      'was moved to the hash of another',
      async () => {
        const [one, other] = [await ahead(), await ahead()];
        await owner.query(`DELETE FROM material.wrapped_key WHERE key_id = '~${one}'`);
        await owner.query(`UPDATE material.wrapped_key SET key_id = '~${one}' WHERE key_id = '~${other}'`);
        return one;
      },
    ],
  ])('that %s does not open', async (_, hash) => {
    await expect(introduce(first, await hash())).rejects.toMatchObject({ code: 'no_key_ahead' });
  });

  it('left under a name by an attempt with another head gives way to the next one at once', async () => {
    const [one, other] = [await ahead(), await ahead()];
    await introduce(first, one);
    expect(keyHash((await introduce(first, other)).publicKey ?? '')).toBe(other);
  });

  type Make = () => Promise<SigningKey>;
  it.each<[string, (hash: string) => { left: Make; wanted: Make }]>([
    [
      'a copy left under a name, to a key that is made for it',
      (hash) => ({ left: () => introduce(first, hash), wanted: () => make(first) }),
    ],
    ['a key made for a name, to a copy', (hash) => ({ left: () => make(first), wanted: () => introduce(first, hash) })],
  ])('%s: gives way once no attempt can commit it any more, and says when', async (_, of) => {
    const { left, wanted } = of(await ahead());
    const { publicKey } = await left();
    await age('50 s');
    const refused = await wanted().catch((error: MaterialError) => error);
    expect(refused).toMatchObject({ code: 'other_key', names: { ...first, free_at: expect.any(String) } });
    const freeInMs = Date.parse((refused as MaterialError).names['free_at'] ?? '') - Date.now();
    expect(freeInMs).toBeLessThanOrEqual(10_000);
    // Whoever was refused has not made it younger; whoever asks for it again has.
    expect((await loadKey(signer, first)).publicKey).toBe(publicKey);
    await age('11 s');
    const taken = await wanted();
    expect(taken.publicKey).not.toBe(publicKey);
    expect((await wanted()).publicKey).toBe(taken.publicKey);
    expect(await signs(await loadSigningKey(signer, kek, first))).toBe(true);
    await expect(left()).rejects.toMatchObject({ code: 'other_key' });
  });

  it('asked for again is not given away: the attempt may be about to commit', async () => {
    const hash = await ahead();
    const { publicKey } = await make(first);
    await age('2 min');
    await make(first);
    await expect(introduce(first, hash)).rejects.toMatchObject({ code: 'other_key' });
    expect((await loadKey(signer, first)).publicKey).toBe(publicKey);
  });

  it('of two kinds that are asked for at once one is had by all, whoever is first', async () => {
    for (let i = 0; i < 10; i++) {
      const hash = await ahead();
      const name = { scope: 'platform', keyId: `at-once-${i}` };
      const ends = await Promise.allSettled([introduce(name, hash), make(name), introduce(name, hash), make(name)]);
      const had = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value.publicKey] : []));
      expect(had).toHaveLength(2);
      expect(new Set(had)).toEqual(new Set([(await loadKey(signer, name)).publicKey]));
    }
  });

  it('is forgotten when nothing commits to it for an hour, and its first copy at once', async () => {
    const [kept, lost] = [await ahead(), await ahead()];
    await age('2 h');
    const young = await ahead();
    await forget({ kept: [kept] });
    expect(await names()).toEqual([`~${kept}`, `~${young}`].sort());
    expect(lost).not.toBe(kept);
    await introduce(first, young);
    await forget({ kept: [kept], introduced: first.keyId });
    expect(await names()).toEqual(['platform-1', `~${kept}`]);
  });

  it('leaves no copy when the key is destroyed, and no name but its own', async () => {
    const hash = await ahead();
    await introduce(first, hash);
    await introduce(second, hash);
    await destroyKey(signer, first);
    expect(await names()).toEqual(['platform-1']);
    await expect(loadSigningKey(signer, kek, first)).rejects.toMatchObject({ code: 'key_destroyed' });
  });
});

it('P-7: forgets a key that no ring took, name and all', async () => {
  const { publicKey } = await make(first);
  await age('2 h');
  await forgetPreparedKey(signer, first, hoursAgo(1));
  await forgetPreparedKey(signer, first, hoursAgo(1));
  await expect(loadKey(signer, first)).rejects.toMatchObject({ code: 'unknown_key' });
  expect((await make(first)).publicKey).not.toBe(publicKey);
});

it('P-7: forgets none that was asked for since, none that is destroyed, and none of the last minutes whatever it is told', async () => {
  const { publicKey } = await make(first);
  await age('2 h');
  // Asked for anew: the attempt that did may be about to commit.
  await make(first);
  await forgetPreparedKey(signer, first, hoursAgo(1));
  await forgetPreparedKey(signer, first, hoursAgo(-24));
  expect((await loadKey(signer, first)).publicKey).toBe(publicKey);
  await destroyKey(signer, first);
  await age('2 h');
  await forgetPreparedKey(signer, first, hoursAgo(1));
  await expect(make(first)).rejects.toMatchObject({ code: 'key_destroyed' });
});

it('P-7: whoever is given a key while it is forgotten has one that stays', async () => {
  for (let i = 0; i < 20; i++) {
    await make(first);
    await age('2 h');
    const [given] = await Promise.all([make(first), forgetPreparedKey(signer, first, hoursAgo(1))]);
    expect((await loadKey(signer, first)).publicKey).toBe(given.publicKey);
  }
});

it('destroys a key that was never made without complaint', async () => {
  await expect(destroyKey(signer, first)).resolves.toBeUndefined();
  await expect(loadKey(signer, first)).rejects.toMatchObject({ code: 'unknown_key' });
});

const swap = (columns: string): string =>
  `UPDATE material.wrapped_key k SET (${columns}) = (SELECT ${columns} FROM material.wrapped_key o WHERE o.key_id <> k.key_id)`;

it.each([
  ['two rows whose ciphertexts were swapped', swap('nonce, ciphertext')],
  ['two rows whose public keys were swapped', swap('public_key, algorithm')],
  [
    'a row whose key id was exchanged',
    `UPDATE material.wrapped_key SET key_id = 'platform-' || (8 - right(key_id, 1)::int)`,
  ],
  ['a row that names another algorithm', `UPDATE material.wrapped_key SET algorithm = 'HS256'`],
  ['a public key that was replaced', `UPDATE material.wrapped_key SET public_key = repeat('A', 43) || '='`],
  ['a public key that was removed', 'UPDATE material.wrapped_key SET public_key = NULL'],
])('refuses %s', async (_, tampering) => {
  await make(first);
  await make(second);
  await owner.query(tampering);
  const rows = await owner.query<{ key_id: string }[]>('SELECT key_id FROM material.wrapped_key');
  for (const { key_id: keyId } of rows)
    await expect(loadSigningKey(signer, kek, { ...first, keyId })).rejects.toMatchObject({ code: 'tampered' });
});

it('keeps a bus seed, and opens it as what it was stored as alone', async () => {
  await insertBusKey(owner, kek, 'operator', { publicKey: 'O1', seed: 'SO1' });
  await insertBusKey(owner, kek, 'account', { publicKey: 'A1', seed: 'SA1' });
  expect(await loadBusKey(signer, kek, 'operator')).toEqual({ publicKey: 'O1', seed: 'SO1' });
  expect(await loadBusKey(signer, kek, 'account')).toEqual({ publicKey: 'A1', seed: 'SA1' });
  await owner.query(`UPDATE material.bus_key SET public_key = 'A2' WHERE kind = 'account'`);
  await expect(loadBusKey(signer, kek, 'account')).rejects.toMatchObject({ code: 'tampered' });
});

it('refuses at start-up a KEK other than the one that keys are wrapped by, destroyed ones aside', async () => {
  await expect(requireOwnKek(signer, kek)).resolves.toBeUndefined();
  await make(first);
  await make(second, otherKek);
  await insertBusKey(owner, kek, 'operator', { publicKey: 'O1', seed: 'SO1' });
  await expect(requireOwnKek(signer, kek)).rejects.toMatchObject({
    code: 'other_kek',
    names: { found: otherKek.kekId },
  });
  await destroyKey(signer, second);
  await expect(requireOwnKek(signer, kek)).resolves.toBeUndefined();
  await expect(requireOwnKek(signer, otherKek)).rejects.toMatchObject({ code: 'other_kek' });
});

it('does not make the key of another KEK anew', async () => {
  await make(first, otherKek);
  await expect(make(first)).rejects.toMatchObject({ code: 'other_kek' });
});

it('lets the signer delete nothing, rename nothing and touch no bus key', async () => {
  for (const statement of [
    'DELETE FROM material.wrapped_key',
    `UPDATE material.wrapped_key SET key_id = 'x'`,
    `UPDATE material.wrapped_key SET public_key = 'x'`,
    `UPDATE material.bus_key SET public_key = 'x'`,
    `INSERT INTO material.bus_key VALUES ('operator', 'O', 'k', '', '')`,
    'TRUNCATE material.wrapped_key',
  ])
    await expect(signer.query(statement)).rejects.toMatchObject({ driverError: { code: '42501' } });
});

it('is closed to every other role', async () => {
  const grants = await owner.query<{ grantee: string }[]>(
    `SELECT DISTINCT grantee FROM information_schema.role_table_grants
     WHERE table_schema = 'material' AND grantee <> current_user`,
  );
  expect(grants).toEqual([{ grantee: SIGNER }]);
  const [everybody] = await owner.query(`SELECT has_schema_privilege('public', 'material', 'USAGE') AS enter`);
  expect(everybody).toEqual({ enter: false });
});

describe('until when tokens by a key may live', () => {
  const key = { scope: 'issuer:web', keyId: 'web-1' };
  const at = (seconds: number): Date => new Date(Date.parse('2031-05-01T10:00:00Z') + seconds * 1_000);

  it('is read as it was written, of that key alone', async () => {
    expect(await readHorizon(signer, key)).toBeNull();
    expect(await raiseHorizon(signer, key, at(60))).toEqual(at(60));
    expect(await readHorizon(signer, key)).toEqual(at(60));
    expect(await readHorizon(signer, { ...key, keyId: 'web-2' })).toBeNull();
    expect(await readHorizon(signer, { ...key, scope: 'issuer:other' })).toBeNull();
  });

  it('never goes back, whoever writes in whichever order, and who writes less hears how far it reaches', async () => {
    const many = Array.from({ length: 40 }, (_, n) => at(((n * 17) % 40) + 100));
    const heard = await Promise.all(many.map((to) => raiseHorizon(signer, key, to)));
    for (const [n, to] of many.entries()) expect(heard[n]!.getTime()).toBeGreaterThanOrEqual(to.getTime());
    expect(await readHorizon(signer, key)).toEqual(at(139));
    expect(await raiseHorizon(signer, key, at(0))).toEqual(at(139));
  });

  it('is known when the key is gone, and nobody but the owner sets it back', async () => {
    await make(key);
    await destroyKey(signer, key);
    expect(await readHorizon(signer, key)).toEqual(at(139));
    for (const statement of [
      'UPDATE material.token_horizon SET horizon = now()',
      'DELETE FROM material.token_horizon',
      `INSERT INTO material.token_horizon VALUES ('issuer:web', 'web-9', now())`,
      'TRUNCATE material.token_horizon',
    ]) {
      await expect(signer.query(statement)).rejects.toMatchObject({ code: '42501' });
    }
  });
});

it('makes a key once: who asks again is given the same without another being made, as good as new', async () => {
  const name = { scope: 'issuer:web', keyId: 'asked-again' };
  const generating = jest.spyOn(ALGORITHMS.ES256, 'generate');
  const made = await makeSigningKey(signer, kek, name, 'ES256');
  await owner.query(`UPDATE material.wrapped_key SET prepared_at = prepared_at - interval '2 h'`);
  const again = await makeSigningKey(signer, kek, name, 'ES256');
  expect([again.publicKey, generating.mock.calls.length]).toEqual([made.publicKey, 1]);
  await forgetPreparedKey(signer, name, new Date());
  expect((await loadSigningKey(signer, kek, name)).publicKey).toBe(made.publicKey);
  await expect(makeSigningKey(signer, kek, name, 'RS256')).rejects.toMatchObject({ code: 'other_algorithm' });
  generating.mockRestore();
});
