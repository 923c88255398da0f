import { PLATFORM, publicKeyFromText } from '@plexsphere/wire';
import { signBundle, verifyBundle } from '@plexsphere/wire/jws';
import { DOMAIN, hashOf, privateKeyOf, publicKeyOf, ringOf, rotatedRing } from '@plexsphere/testkit';
import { trustBundle } from './bundle';

const now = new Date('2031-05-01T12:00:00Z');
const ring = { ...rotatedRing(DOMAIN, 6, 'a', 'b'), next: hashOf('ahead') };
const platform = ringOf(PLATFORM, 3, { p: 'active' }, { trust_epoch: 2, head_epoch: 2 });

test('three anchors: the scope’s keys newest first, the platform ring, the recovery key', () => {
  expect(trustBundle(ring, platform, publicKeyOf('recovery'), now)).toEqual({
    scope: DOMAIN,
    epoch: 6,
    trust_epoch: 6,
    active_key_id: 'b',
    staged_key_id: null,
    keys: [
      { key_id: 'b', public_key: publicKeyOf('b') },
      { key_id: 'a', public_key: publicKeyOf('a'), not_after: '2031-05-02T10:00:30Z' },
    ],
    statement_hash: ring.statement_hash,
    head_epoch: 6,
    next: ring.next,
    platform: {
      epoch: 3,
      trust_epoch: 2,
      active_key_id: 'p',
      staged_key_id: null,
      keys: [{ key_id: 'p', public_key: publicKeyOf('p') }],
      statement_hash: platform.statement_hash,
      head_epoch: 2,
      next: platform.next,
    },
    recovery_public_key: publicKeyOf('recovery'),
    issued_at: '2031-05-01T12:00:00.000Z',
    expires_at: '2031-05-01T12:05:00.000Z',
  });
});

test('a key that is retired or revoked is not in it; the one that signs leads', () => {
  const all = ringOf(DOMAIN, 6, { r: 'retired', x: 'revoked', a: 'active', s: 'staged' });
  const bundle = trustBundle(all, platform, publicKeyOf('recovery'), now);
  expect(bundle).toMatchObject({ staged_key_id: 's', keys: [{ key_id: 'a' }, { key_id: 's' }] });
  expect(bundle.keys).toHaveLength(2);
});

test('H1: a key that retires and has no end is not trusted without one', () => {
  const endless = ring.keys.map((key) => ({ ...key, verifies_until: null }));
  expect(() => trustBundle({ ...ring, keys: endless }, platform, publicKeyOf('recovery'), now)).toThrow(
    expect.objectContaining({ code: 'invariant_violation' }),
  );
});

test('H1: a key whose end has come is not in it, closed or not', () => {
  const keysAt = (time: string) => trustBundle(ring, platform, publicKeyOf('recovery'), new Date(time)).keys.length;
  expect([keysAt('2031-05-02T10:00:29.999Z'), keysAt('2031-05-02T10:00:30Z')]).toEqual([2, 1]);
});

test('a verifier takes it', async () => {
  const bundle = trustBundle(ring, platform, publicKeyOf('recovery'), now);
  const text = await signBundle(bundle, { keyId: 'p', privateKey: privateKeyOf('p') });
  const platformKeys = [{ keyId: 'p', publicKey: publicKeyFromText(publicKeyOf('p')) }];
  await expect(verifyBundle(text, platformKeys, now)).resolves.toEqual(bundle);
});
