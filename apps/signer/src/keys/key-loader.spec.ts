import { MaterialError } from '@plexsphere/material';
import type { Logger } from '@plexsphere/service-kit';
import { DOMAIN, privateKeyOf, publicKeyOf, ringOf, rotatedRing } from '@plexsphere/testkit';
import { ALGORITHMS } from '@plexsphere/wire';
import { KeyLoader } from './key-loader';
import type { Material } from './material';

const ring = rotatedRing(DOMAIN, 2, 'a', 'b');
const nothing = new Map();

let load: jest.Mock;
let loader: KeyLoader;

beforeEach(() => {
  jest.useFakeTimers();
  load = jest.fn(async (_: string, keyId: string) => ({ privateKey: privateKeyOf(keyId) }));
  loader = new KeyLoader({ load } as unknown as Material, { info: jest.fn() } as unknown as Logger);
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
  await loader.prepare(DOMAIN, 'b', publicKeyOf('b'));
  load.mockClear();
  await loader.loadRing(ring, new Map([['a', privateKeyOf('a')]]));
  expect(load).not.toHaveBeenCalled();
});

test('preparing reads the database even where the key is in memory: that is what it tries', async () => {
  await loader.prepare(DOMAIN, 'b', publicKeyOf('b'));
  await loader.prepare(DOMAIN, 'b', publicKeyOf('b'));
  expect(load).toHaveBeenCalledTimes(2);
});

test('a prepared key that no ring took is dropped, also when it was said so', async () => {
  await loader.prepare(DOMAIN, 'a', publicKeyOf('a'));
  await loader.prepare(DOMAIN, 'b', publicKeyOf('b'));
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
  await expect(loader.prepare(DOMAIN, 'b', publicKeyOf('other'))).rejects.toEqual(refused);
  await expect(loader.prepare(DOMAIN, 'b', 'not a key')).rejects.toEqual(refused);
  load.mockResolvedValue({ privateKey: wrong });
  await expect(loader.loadRing(ring, new Map([['a', privateKeyOf('a')]]))).rejects.toEqual(refused);
});

test('a secret of both sides is tried by itself, and never passes for a key with a public half', async () => {
  const privateKey = await ALGORITHMS.HS256.generate();
  load.mockResolvedValue({ privateKey });
  await expect(loader.prepare('channel:c:a-to-b', 'k', null)).resolves.toBeUndefined();
  const refused = expect.objectContaining({ reason: 'public_key_mismatch' });
  await expect(loader.prepare('channel:c:a-to-b', 'k', publicKeyOf('k'))).rejects.toEqual(refused);
  load.mockResolvedValue({ privateKey: privateKeyOf('b') });
  await expect(loader.prepare(DOMAIN, 'b', null)).rejects.toEqual(refused);
});

test.each([
  ['key_destroyed', new MaterialError('key_destroyed', { scope: DOMAIN, keyId: 'b' })],
  ['database_unavailable', new Error('connection terminated')],
])('says why a key cannot be loaded: %s', async (reason, error) => {
  load.mockRejectedValue(error);
  await expect(loader.prepare(DOMAIN, 'b', publicKeyOf('b'))).rejects.toMatchObject({ keyId: 'b', reason });
});

test('a ring in which nothing signs is not taken', async () => {
  await expect(loader.loadRing(ringOf(DOMAIN, 1, { s: 'staged' }), nothing)).rejects.toMatchObject({
    reason: 'no_active_key',
  });
});
