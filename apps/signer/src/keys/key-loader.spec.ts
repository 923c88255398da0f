import { MaterialError } from '@plexsphere/material';
import type { Logger } from '@plexsphere/service-kit';
import { DOMAIN, privateKeyOf, publicKeyOf, ringOf, rotatedRing } from '@plexsphere/testkit';
import { ALGORITHMS, checkValue, type KeyView, type PrivateKey } from '@plexsphere/wire';
import { KeyLoader } from './key-loader';
import type { Material } from './material';

const ring = rotatedRing(DOMAIN, 2, 'a', 'b');
const nothing = new Map();

const half = (public_key: string) => ({ public_key });

let load: jest.Mock;
let warn: jest.Mock;
let loader: KeyLoader;

beforeEach(() => {
  jest.useFakeTimers();
  load = jest.fn(async (_: string, keyId: string) => ({ privateKey: privateKeyOf(keyId) }));
  loader = new KeyLoader(
    { load } as unknown as Material,
    { info: jest.fn(), warn: (warn = jest.fn()) } as unknown as Logger,
  );
});

afterEach(() => jest.useRealTimers());

test('loads what may sign: the active key and the retiring one, no other', async () => {
  const staged = ringOf(DOMAIN, 2, { s: 'staged' }).keys;
  const keys = await loader.loadRing({ ...ring, keys: [...ring.keys, ...staged] }, nothing);
  expect([...keys.keys()].sort()).toEqual(['a', 'b']);
});

test('of a ring that tells no Node of its keys the active one alone, of however many that retire', async () => {
  const issuer = ringOf('issuer:web', 5, { a: 'retiring', b: 'retiring', c: 'active', d: 'staged' });
  expect([...(await loader.loadRing(issuer, nothing)).keys()]).toEqual(['c']);
  expect(load).toHaveBeenCalledTimes(1);
});

test('what is in memory, from the ring before or prepared, is not read again', async () => {
  await loader.prepare(DOMAIN, 'b', half(publicKeyOf('b')));
  load.mockClear();
  await loader.loadRing(ring, new Map([['a', privateKeyOf('a')]]));
  expect(load).not.toHaveBeenCalled();
});

test('preparing reads the database even where the key is in memory: that is what it tries', async () => {
  await loader.prepare(DOMAIN, 'b', half(publicKeyOf('b')));
  await loader.prepare(DOMAIN, 'b', half(publicKeyOf('b')));
  expect(load).toHaveBeenCalledTimes(2);
});

test('a prepared key that no ring took is dropped, also when it was said so', async () => {
  await loader.prepare(DOMAIN, 'a', half(publicKeyOf('a')));
  await loader.prepare(DOMAIN, 'b', half(publicKeyOf('b')));
  loader.forgetPrepared(DOMAIN, 'a');
  jest.advanceTimersByTime(60_000);
  load.mockClear();
  await loader.loadRing(ring, nothing);
  expect(load).toHaveBeenCalledTimes(2);
});

test('a key that is not the one in the ring never signs under its name, wherever it came from', async () => {
  const wrong = privateKeyOf('other');
  const refused = expect.objectContaining({ keyId: 'b', reason: 'public_key_mismatch' });
  await expect(loader.loadRing(ring, new Map([['b', wrong]]))).rejects.toEqual(refused);
  await expect(loader.prepare(DOMAIN, 'b', half(publicKeyOf('other')))).rejects.toEqual(refused);
  await expect(loader.prepare(DOMAIN, 'b', half('not a key'))).rejects.toEqual(refused);
  load.mockResolvedValue({ privateKey: wrong });
  await expect(loader.loadRing(ring, new Map([['a', privateKeyOf('a')]]))).rejects.toEqual(refused);
});

describe('a secret that members share', () => {
  const scope = 'channel:c:a-to-b';
  const refused = expect.objectContaining({ keyId: 'k', reason: 'public_key_mismatch' });
  let secret: PrivateKey;
  let shown: { public_key: null; check_value: string };
  beforeEach(async () => {
    secret = await ALGORITHMS.HS256.generate();
    load.mockResolvedValue({ privateKey: secret });
    shown = { public_key: null, check_value: checkValue(secret.secret(), scope, 'k') };
  });

  test('is proven by its check value', async () => {
    await expect(loader.prepare(scope, 'k', shown)).resolves.toBeUndefined();
  });

  test.each<[string, () => object]>([
    ['without one', () => ({ public_key: null })],
    ['by one of another name', () => ({ ...shown, check_value: checkValue(secret.secret(), scope, 'l') })],
    ['by one of another ring', () => ({ ...shown, check_value: checkValue(secret.secret(), 'channel:c:b-to-a', 'k') })],
    ['by one of another secret', () => ({ ...shown, check_value: checkValue(Buffer.alloc(32), scope, 'k') })],
    ['as a key that has a public half', () => ({ ...shown, public_key: publicKeyOf('k') })],
  ])('is not: %s', async (_, members) => {
    await expect(loader.prepare(scope, 'k', members() as typeof shown)).rejects.toEqual(refused);
  });

  test('a key with a public half never passes for one', async () => {
    load.mockResolvedValue({ privateKey: privateKeyOf('k') });
    await expect(loader.prepare(scope, 'k', shown)).rejects.toEqual(refused);
  });

  test('every one that members are given is loaded: staged, active and retiring; without one beside the active it goes on', async () => {
    const secrets = Object.fromEntries(
      await Promise.all(['a', 's', 'r'].map(async (id) => [id, await ALGORITHMS.HS256.generate()])),
    );
    const keys = ringOf(scope, 3, { a: 'active', s: 'staged', r: 'retiring' }).keys.map((key): KeyView => ({
      ...{ ...key, algorithm: 'HS256', public_key: null },
      check_value: checkValue(secrets[key.key_id].secret(), scope, key.key_id),
    }));
    const members = ringOf(scope, 3, {}, { keys });
    load.mockImplementation(async (_, keyId: string) => ({ privateKey: secrets[keyId] }));
    expect([...(await loader.loadRing(members, nothing)).keys()]).toEqual(['a', 's', 'r']);
    load.mockImplementation(async (_, keyId: string) => ({ privateKey: secrets[keyId === 's' ? 'r' : keyId] }));
    expect([...(await loader.loadRing(members, nothing)).keys()]).toEqual(['a', 'r']);
    expect(warn).toHaveBeenCalledWith(
      expect.objectContaining({ scope, kid: 's', reason: 'public_key_mismatch' }),
      expect.any(String),
    );
    load.mockImplementation(async (_, keyId: string) => ({ privateKey: secrets[keyId === 'a' ? 'r' : keyId] }));
    await expect(loader.loadRing(members, nothing)).rejects.toMatchObject({ keyId: 'a' });
  });
});

test.each([
  ['key_destroyed', new MaterialError('key_destroyed', { scope: DOMAIN, keyId: 'b' })],
  ['database_unavailable', new Error('connection terminated')],
])('says why a key cannot be loaded: %s', async (reason, error) => {
  load.mockRejectedValue(error);
  await expect(loader.prepare(DOMAIN, 'b', half(publicKeyOf('b')))).rejects.toMatchObject({ keyId: 'b', reason });
});

test('a ring in which nothing signs is not taken', async () => {
  await expect(loader.loadRing(ringOf(DOMAIN, 1, { s: 'staged' }), nothing)).rejects.toMatchObject({
    reason: 'no_active_key',
  });
});
