import { randomBytes } from 'node:crypto';
import { LocalKek } from './kek';
import { unwrap, wrap, type Owner, type Wrapped } from './wrap';

const kek = new LocalKek(randomBytes(32));
const secret = Buffer.from('the private half');
const key = { scope: 'platform', keyId: 'platform-1', algorithm: 'Ed25519' };
const busKey: Owner = { busKey: 'account', publicKey: 'A1' };

const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
};

it.each<Owner>([key, busKey])('opens what was wrapped for %j', async (owner) => {
  const wrapped = await wrap(kek, owner, secret);
  expect(wrapped.ciphertext.includes(secret)).toBe(false);
  expect(await unwrap(kek, owner, wrapped)).toEqual(secret);
});

it('never uses a nonce twice for the same secret', async () => {
  const [first, second] = await Promise.all([wrap(kek, key, secret), wrap(kek, key, secret)]);
  expect(first.nonce).not.toEqual(second.nonce);
  expect(first.ciphertext).not.toEqual(second.ciphertext);
});

it.each<[string, Owner]>([
  ['another scope', { ...key, scope: 'domain:11111111-1111-4111-8111-111111111111' }],
  ['another key id', { ...key, keyId: 'platform-2' }],
  ['another algorithm', { ...key, algorithm: 'HS256' }],
  ['names moved across their border', { ...key, scope: 'platformp', keyId: 'latform-1' }],
  ['a bus key', busKey],
])('does not open for %s', async (_, other) => {
  const wrapped = await wrap(kek, key, secret);
  await expect(unwrap(kek, other, wrapped)).rejects.toMatchObject({ code: 'tampered' });
});

it.each<[string, Owner]>([
  ['the operator', { busKey: 'operator', publicKey: 'A1' }],
  ['another public key', { busKey: 'account', publicKey: 'A2' }],
])('does not open the account key as that of %s', async (_, other) => {
  const wrapped = await wrap(kek, busKey, secret);
  await expect(unwrap(kek, other, wrapped)).rejects.toMatchObject({ code: 'tampered' });
});

it.each<[string, (wrapped: Wrapped) => Partial<Wrapped>]>([
  ['first byte', ({ ciphertext }) => ({ ciphertext: flipped(ciphertext, 0) })],
  ['tag', ({ ciphertext }) => ({ ciphertext: flipped(ciphertext, ciphertext.length - 1) })],
  ['nonce', ({ nonce }) => ({ nonce: flipped(nonce, 0) })],
  ['ciphertext, cut by one byte', ({ ciphertext }) => ({ ciphertext: ciphertext.subarray(0, -1) })],
  ['ciphertext, cut to less than a tag', ({ ciphertext }) => ({ ciphertext: ciphertext.subarray(0, 8) })],
  ['ciphertext, emptied', () => ({ ciphertext: Buffer.alloc(0) })],
  ['nonce, cut', ({ nonce }) => ({ nonce: nonce.subarray(0, 8) })],
  ['nonce, emptied', () => ({ nonce: Buffer.alloc(0) })],
])('does not open with a changed %s', async (_, change) => {
  const wrapped = await wrap(kek, key, secret);
  await expect(unwrap(kek, key, { ...wrapped, ...change(wrapped) })).rejects.toMatchObject({ code: 'tampered' });
});

it('does not open under another KEK, and says which two they are', async () => {
  const other = new LocalKek(randomBytes(32));
  const wrapped = await wrap(kek, key, secret);
  await expect(unwrap(other, key, wrapped)).rejects.toMatchObject({
    code: 'other_kek',
    names: { expected: other.kekId, found: kek.kekId },
  });
});

it('does not open under another KEK whose id was written over the right one', async () => {
  const other = new LocalKek(randomBytes(32));
  const wrapped = { ...(await wrap(kek, key, secret)), kekId: other.kekId };
  await expect(unwrap(other, key, wrapped)).rejects.toMatchObject({ code: 'tampered' });
});
