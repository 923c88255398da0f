import { newKeyPair } from '@plexsphere/testkit';
import { createLocalJWKSet, compactVerify } from 'jose';
import { publicText } from '../algorithms';
import type { KeyView } from '../ring-view';
import { signData } from './data';
import { jwks } from './jwks';

const pair = newKeyPair();
const view = (key_id: string, state: KeyView['state']): KeyView => ({
  key_id,
  state,
  algorithm: 'Ed25519',
  public_key: publicText(pair.publicKey),
  verifies_until: null,
});

test('the keys stand there in the order in which they are given', () => {
  const states = ['active', 'staged', 'retiring'] as const;
  expect(jwks(states.map((state) => view(state, state))).keys.map(({ kid }) => kid)).toEqual(states);
});

test('a key is public, and complete for any JOSE library', async () => {
  const set = jwks([view('key-1', 'active')]);
  const x = Buffer.from(publicText(pair.publicKey), 'base64').toString('base64url');
  expect(set.keys).toEqual([{ kty: 'OKP', crv: 'Ed25519', x, kid: 'key-1', use: 'sig', alg: 'EdDSA' }]);
  const text = await signData({ a: 1 }, { keyId: 'key-1', privateKey: pair.privateKey });
  await expect(compactVerify(text, createLocalJWKSet(set))).resolves.toBeDefined();
});

test('a shared secret is passed over', () => {
  expect(jwks([{ ...view('k', 'active'), public_key: null }])).toEqual({ keys: [] });
});

test('no keys, an empty set', () => {
  expect(jwks([])).toEqual({ keys: [] });
});
