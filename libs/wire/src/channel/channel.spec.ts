// What is said of secrets, and how they travel: against another library (jose) both ways, and hostile texts.
import { createHmac, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import {
  ChannelError,
  SECRET_TYPE,
  channelOf,
  channelProof,
  channelSlug,
  checkValue,
  directionsOf,
  isSealingKey,
  isSide,
  isSlug,
  makeSealingPair,
  readKeysChanged,
  sealSecret,
  unsealSecret,
} from '.';

const SCOPE = 'channel:chat-plugin:backend-to-plugin';
const NODE = '0b6f3c9e-7f3b-4b8e-9a3d-5d5f6a7b8c9d';
const named = { scope: SCOPE, keyId: 'key-20261122', epoch: 7, nodeId: NODE };
const APV = `${SCOPE}|key-20261122|7|${NODE}`;
const secret = randomBytes(32);
const pair = makeSealingPair();

const refused = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(ChannelError);
    return (error as ChannelError).code;
  }
  return 'taken';
};

const url = (text: string): string => Buffer.from(text, 'base64').toString('base64url');
const jwk = (over = {}) => ({ kty: 'oct', alg: 'HS256', kid: named.keyId, k: secret.toString('base64url'), ...over });
const publicJwk = { kty: 'OKP', crv: 'X25519', x: url(pair.publicKey) };
const byJose = async (
  plain: object,
  { apv = APV, typ = SECRET_TYPE, enc = 'A256GCM', alg = 'ECDH-ES' } = {},
): Promise<string> =>
  new CompactEncrypt(Buffer.from(JSON.stringify(plain)))
    .setProtectedHeader({ alg, enc, typ })
    .setKeyManagementParameters({ apv: Buffer.from(apv) })
    .encrypt(createPublicKey({ key: publicJwk, format: 'jwk' }));

test('a check value and a proof are HMACs of texts that name what they are of', () => {
  const mac = (text: string): string => createHmac('sha256', secret).update(text).digest('base64');
  expect(checkValue(secret, SCOPE, 'k')).toBe(mac(`plexsphere-channel-check\n${SCOPE}\nk`));
  expect(channelProof(secret, { ...named, keyId: 'k' })).toBe(mac(`plexsphere-channel-proof\n${SCOPE}\nk\n7\n${NODE}`));
});

test('what is sealed opens for its member, and again by another library', async () => {
  const sealed = sealSecret(secret, pair.publicKey, named);
  expect(unsealSecret(sealed, pair.privateKey, named)).toEqual(secret);
  const { plaintext, protectedHeader } = await compactDecrypt(
    sealed,
    createPrivateKey({ key: { ...publicJwk, d: url(pair.privateKey) }, format: 'jwk' }),
  );
  expect(JSON.parse(Buffer.from(plaintext).toString())).toEqual(jwk());
  expect(protectedHeader).toMatchObject({ alg: 'ECDH-ES', enc: 'A256GCM', typ: SECRET_TYPE });
  expect(Buffer.from(`${protectedHeader['apv']}`, 'base64url').toString()).toBe(APV);
});

test('what another library seals opens', async () => {
  expect(unsealSecret(await byJose(jwk()), pair.privateKey, named)).toEqual(secret);
});

test('two seals of one secret have nothing in common but their names', () => {
  const [one, other] = [sealSecret(secret, pair.publicKey, named), sealSecret(secret, pair.publicKey, named)];
  expect(one.split('.').slice(2)).not.toEqual(other.split('.').slice(2));
});

test.each<[string, string, () => unknown]>([
  [
    'for another member',
    'other_recipient',
    () => unsealSecret(sealSecret(secret, makeSealingPair().publicKey, named), pair.privateKey, named),
  ],
  [
    'of another key',
    'other_names',
    () => unsealSecret(sealSecret(secret, pair.publicKey, named), pair.privateKey, { ...named, keyId: 'k' }),
  ],
  [
    'of another ring',
    'other_names',
    () =>
      unsealSecret(sealSecret(secret, pair.publicKey, { ...named, scope: 'channel:x:a-to-b' }), pair.privateKey, named),
  ],
  [
    'of another epoch',
    'other_names',
    () => unsealSecret(sealSecret(secret, pair.publicKey, named), pair.privateKey, { ...named, epoch: 8 }),
  ],
  [
    'a text that is too long',
    'malformed',
    () => unsealSecret(`${sealSecret(secret, pair.publicKey, named)}${'A'.repeat(2_048)}`, pair.privateKey, named),
  ],
  ['nothing', 'malformed', () => unsealSecret(undefined, pair.privateKey, named)],
  ['four parts', 'malformed', () => unsealSecret('a.b.c.d', pair.privateKey, named)],
  [
    'a short secret',
    'short_secret',
    () => unsealSecret(sealSecret(secret.subarray(1), pair.publicKey, named), pair.privateKey, named),
  ],
])('is refused: %s', (_, code, work) => expect(refused(work)).toBe(code));

test('is refused: another kind of JWE, algorithm or content', async () => {
  const open = (sealed: string): string => refused(() => unsealSecret(sealed, pair.privateKey, named));
  expect(open(await byJose(jwk(), { typ: 'JWE' }))).toBe('malformed');
  expect(open(await byJose(jwk(), { enc: 'A128GCM' }))).toBe('malformed');
  expect(open(await byJose(jwk(), { alg: 'ECDH-ES+A256KW' }))).toBe('malformed');
  expect(open(await byJose(jwk({ kid: 'another' })))).toBe('malformed');
  expect(open(await byJose(jwk({ kty: 'RSA' })))).toBe('malformed');
  expect(open(await byJose([]))).toBe('malformed');
});

test('no altered character is taken', () => {
  const sealed = sealSecret(secret, pair.publicKey, named);
  for (let at = 0; at < sealed.length; at += 5) {
    const other = sealed[at] === 'A' ? 'B' : 'A';
    const altered = `${sealed.slice(0, at)}${other}${sealed.slice(at + 1)}`;
    expect(refused(() => unsealSecret(altered, pair.privateKey, named))).not.toBe('taken');
  }
});

test('a key under which everybody could open what is sealed is no sealing key', () => {
  expect(isSealingKey(pair.publicKey)).toBe(true);
  expect(isSealingKey(Buffer.alloc(32).toString('base64'))).toBe(false);
  expect(isSealingKey(Buffer.alloc(32, 1).fill(0, 1).toString('base64'))).toBe(false);
  expect(isSealingKey(url(pair.publicKey))).toBe(false);
  expect(isSealingKey(undefined)).toBe(false);
});

test('a channel is two rings, in the order of their names whichever side was named first', () => {
  const rings = ['channel:chat:app-to-web', 'channel:chat:web-to-app'];
  expect(directionsOf('chat', ['web', 'app'])).toEqual(rings);
  expect(directionsOf('chat', ['app', 'web'])).toEqual(rings);
  expect(channelOf(rings[0])).toBe('channel:chat');
  expect(channelSlug('channel:chat')).toBe('chat');
  expect([channelSlug(rings[0]), channelSlug('issuer:chat'), channelOf('platform')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test.each([
  ['chat', true, true],
  ['chat-1', true, false],
  ['Chat', false, false],
  ['a:b', false, false],
  ['', false, false],
  ['1a', true, false],
  ['x'.repeat(64), false, false],
])('%j as a slug and as a side', (text, slug, side) => expect([isSlug(text), isSide(text)]).toEqual([slug, side]));

describe('what a member is told', () => {
  const key = {
    ...{ key_id: 'k', algorithm: 'HS256', use: 'verify', active: true, beside_seconds: null, verifies_until: null },
    ...{ check_value: 'c', secret: 's' },
  };
  const told = { scope: SCOPE, epoch: 3, node_id: NODE, side: 'plugin', keys: [key] };
  it('is read', () => expect(readKeysChanged({ ...told, later: 1 })).toEqual(told));
  it.each<[string, object]>([
    ['a ring of another kind', { scope: 'issuer:web' }],
    ['a third side', { side: 'eve' }],
    ['a receiver that signs', { keys: [{ ...key, use: 'sign' }] }],
    ['a sender that verifies', { side: 'backend' }],
    ['another algorithm', { keys: [{ ...key, algorithm: 'Ed25519' }] }],
    ['an epoch that is none', { epoch: 0 }],
    ['keys that are no list', { keys: key }],
    ['too many keys', { keys: Array.from({ length: 9 }, () => key) }],
  ])('is refused with %s', (_, over) => {
    expect(refused(() => readKeysChanged({ ...told, ...over }))).toBe('malformed');
  });
});
