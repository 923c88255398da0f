import { keyObjectOf, newKeyPair } from '@plexsphere/testkit';
import { CompactSign } from 'jose';
import { publicText } from '../algorithms';
import type { TrustedKey } from '../envelope';
import { readBundle, signBundle, verifyBundle, type TrustBundle } from './trust-bundle';

const now = new Date('2026-03-01T12:00:00Z');
const after = (ms: number): Date => new Date(now.getTime() + ms);
const platform = { keyId: 'platform-1', ...newKeyPair() };
const raw = (): string => publicText(newKeyPair().publicKey);
const trusted: TrustedKey[] = [{ keyId: platform.keyId, publicKey: platform.publicKey }];

const bundle: TrustBundle = {
  scope: 'domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1',
  epoch: 3,
  trust_epoch: 2,
  active_key_id: 'key-2',
  staged_key_id: null,
  keys: [
    { key_id: 'key-2', public_key: raw() },
    { key_id: 'key-1', public_key: raw(), not_after: '2026-03-02T12:00:00Z' },
  ],
  statement_hash: Buffer.alloc(32, 1).toString('base64url'),
  head_epoch: 2,
  next: Buffer.alloc(32, 3).toString('base64url'),
  platform: {
    epoch: 1,
    trust_epoch: 1,
    active_key_id: platform.keyId,
    staged_key_id: null,
    keys: [{ key_id: platform.keyId, public_key: publicText(platform.publicKey) }],
    statement_hash: Buffer.alloc(32, 2).toString('base64url'),
    head_epoch: 1,
    next: Buffer.alloc(32, 4).toString('base64url'),
  },
  recovery_public_key: raw(),
  issued_at: '2026-03-01T12:00:00Z',
  expires_at: '2026-03-01T12:05:00Z',
};
const refused = (code: string): unknown => expect.objectContaining({ name: 'JwsError', code });
const signedAs = (payload: object): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'EdDSA', typ: 'plexsphere-bundle+jws', kid: platform.keyId })
    .sign(keyObjectOf(platform.privateKey));

test('a bundle comes back as it was signed', async () => {
  const text = await signBundle(bundle, platform);
  await expect(verifyBundle(text, trusted, now)).resolves.toEqual(bundle);
  expect(readBundle(text)).toEqual(bundle);
});

describe('freshness', () => {
  test.each([
    ['just issued', 0, {}, true],
    ['one millisecond before it expires', 299_999, {}, true],
    ['when it expires', 300_000, {}, false],
    ['older than five minutes, though it claims a year', 300_001, { expires_at: '2027-03-01T12:00:00Z' }, false],
    ['from a clock five minutes ahead', -300_000, {}, true],
    ['from further in the future', -300_001, {}, false],
    ['expired before it was issued', 0, { expires_at: '2026-03-01T11:59:59Z' }, false],
  ])('%s', async (_, ms, changes, fresh) => {
    const verdict = verifyBundle(await signBundle({ ...bundle, ...changes }, platform), trusted, after(ms));
    await (fresh ? expect(verdict).resolves.toBeDefined() : expect(verdict).rejects.toEqual(refused('bundle_stale')));
  });
});

describe('who may sign one', () => {
  test('a key that is not trusted, or not any more, may not', async () => {
    const text = await signBundle(bundle, platform);
    await expect(verifyBundle(text, [], now)).rejects.toEqual(refused('bundle_foreign'));
    const over = [{ ...trusted[0]!, notAfter: now }];
    await expect(verifyBundle(text, over, now)).rejects.toEqual(refused('bundle_foreign'));
  });

  test('a key of the right name alone may not', async () => {
    const text = await signBundle(bundle, { ...platform, ...newKeyPair() });
    await expect(verifyBundle(text, trusted, now)).rejects.toEqual(refused('signature_invalid'));
  });
});

test.each([
  ['no keys', { keys: [] }],
  ['keys that are no list', { keys: {} }],
  ['one kid for two keys', { keys: [bundle.keys[0], { ...bundle.keys[1], key_id: 'key-2' }] }],
  ['a key of 31 bytes', { keys: [{ key_id: 'k', public_key: Buffer.alloc(31).toString('base64') }] }],
  ['a time that is none', { keys: [{ ...bundle.keys[0], not_after: 'never' }] }],
  ['null for a time', { keys: [{ ...bundle.keys[0], not_after: null }] }],
  ['a trust epoch ahead of its epoch', { trust_epoch: 4 }],
  ['no platform', { platform: undefined }],
  ['a platform without keys', { platform: { ...bundle.platform, keys: undefined } }],
  ['no recovery key', { recovery_public_key: undefined }],
  ['no expiry', { expires_at: undefined }],
  ['no scope', { scope: undefined }],
  ['a hash too short', { statement_hash: 'abc' }],
  ['no active key', { active_key_id: undefined }],
  ['an active key that is not among its keys', { active_key_id: 'key-3' }],
  ['an active key that ends', { active_key_id: 'key-1' }],
  ['two anchors of the one ring of platform', { scope: 'platform' }],
])('%s is malformed, signed or not', async (_, changes) => {
  const payload = { ...bundle, ...changes } as TrustBundle;
  await expect(verifyBundle(await signedAs(payload), trusted, now)).rejects.toEqual(refused('malformed'));
  await expect(signBundle(payload, platform)).rejects.toEqual(refused('malformed'));
});
