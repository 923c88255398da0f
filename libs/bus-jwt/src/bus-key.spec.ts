import { createBusKey, type BusKeyKind } from '@plexsphere/wire';
import { fromPublic, fromSeed } from '@nats-io/nkeys';
import { BusJwtError, busSigner, isBusPublicKey } from './bus-key';

const kinds: BusKeyKind[] = ['operator', 'account', 'user'];
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const codeOf = (act: () => unknown): string | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof BusJwtError ? error.code : String(error);
  }
};

describe.each(kinds)('a bus key of kind %s', (kind) => {
  const key = createBusKey(kind);

  it('is the key that NATS own library reads out of the same seed', () => {
    const theirs = fromSeed(new TextEncoder().encode(key.seed));
    expect(theirs.getPublicKey()).toBe(key.publicKey);
    expect(text(theirs.getSeed())).toBe(key.seed);
    expect(busSigner(kind, key.seed).publicKey).toBe(key.publicKey);
  });

  it('signs what NATS own library verifies', () => {
    const message = Buffer.from('claims');
    expect(fromPublic(key.publicKey).verify(message, busSigner(kind, key.seed).sign(message))).toBe(true);
  });

  it.each(kinds.filter((other) => other !== kind))('is never taken for one of kind %s', (other) => {
    expect(isBusPublicKey(other, key.publicKey)).toBe(false);
    expect(codeOf(() => busSigner(other, key.seed))).toBe('bad_seed');
  });

  it('is refused with one letter changed', () => {
    const changed = key.publicKey.slice(0, -1) + (key.publicKey.endsWith('A') ? 'B' : 'A');
    expect(isBusPublicKey(kind, changed)).toBe(false);
  });
});

it.each([
  ['nothing', ''],
  ['a public key', createBusKey('account').publicKey],
  ['a seed cut short', createBusKey('account').seed.slice(0, -4)],
  ['letters outside base32', 'SA10'.repeat(15)],
  ['lower case', createBusKey('account').seed.toLowerCase()],
])('refuses %s as a seed, and does not repeat it', (_, seed) => {
  expect(() => busSigner('account', seed)).toThrow(new BusJwtError('bad_seed'));
});

it('refuses what is no text as a public key', () => {
  expect(isBusPublicKey('user', undefined)).toBe(false);
});
