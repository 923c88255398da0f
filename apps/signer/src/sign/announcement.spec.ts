import { PLATFORM, publicText, type RingView } from '@plexsphere/wire';
import type { Announce } from '@plexsphere/wire/commands';
import { TestRings, type TestRing } from '@plexsphere/testkit';
import { readStatement } from '@plexsphere/wire/jws';
import { announcementOf } from './announcement';

const DOMAIN = 'domain:0a4cbd25-6e0b-4f2c-8a0e-5d8a2f3c7b11';
const NOW = new Date('2031-05-01T10:00:00Z');

type Life = (ring: TestRing) => Promise<unknown>;
const rotated: Life = (ring) => ring.rotate('b', NOW);
const staged: Life = (ring) => ring.stage('s', NOW);
const after =
  (...changes: ((ring: TestRing) => unknown)[]): Life =>
  async (ring) => {
    for (const change of changes) await change(ring);
  };

/** A Domain's ring with `a`, and the platform's with `p`, after what happened to each. */
async function rings(own: Life, platform: Life = async () => undefined) {
  const made = new TestRings();
  const of = { platform: await made.create(PLATFORM, 'p', NOW), own: await made.create(DOMAIN, 'a', NOW) };
  await platform(of.platform);
  await own(of.own);
  const text = (keyId: string) => {
    const key = [...of.own.keys, ...of.platform.keys].find((each) => each.keyId === keyId);
    return publicText(key!.privateKey);
  };
  return { own: of.own.view(), platform: of.platform.view(), text };
}

const announce = (eventType: Announce['event_type'], keyId: string, own: RingView, platform: RingView) =>
  announcementOf(
    {
      event_type: eventType,
      key_id: keyId,
      scope: own.scope,
      epoch: own.epoch,
      event_id: 'e',
      issued_at: '2031-05-01T10:00:00Z',
      nonce: 'n',
      duration_ms: 1_000,
    },
    own,
    platform,
  );

const unknownKey = expect.objectContaining({ detail: 'signing: unknown key' });
const nothing = expect.objectContaining({ body: expect.objectContaining({ field: 'event_type' }) });

/** What a Go Node reads: `current`, and `previous` while there is a second key. The statement says the rest. */
test.each<[string, Life, string, string, string | undefined]>([
  ['a rotation', rotated, 'a', 'b', 'a'],
  ['a stage: the staged key is the newer', staged, 'a', 's', 'a'],
  ['the rotation of a staged key', after(staged, (ring) => ring.rotate('s', NOW)), 'a', 's', 'a'],
  ['an unstage', after(staged, (ring) => ring.unstage(NOW)), 'a', 'a', undefined],
  ['a rollback', after(rotated, (ring) => ring.rollback(NOW)), 'b', 'a', 'b'],
  ['the revocation of a staged key', after(staged, (ring) => ring.revoke('s', NOW)), 'a', 'a', undefined],
  ['the revocation of the outgoing key', after(rotated, (ring) => ring.revoke('a', NOW)), 'b', 'b', undefined],
])('%s is announced by the key that was active before', async (_, life, by, current, previous) => {
  const { own, platform, text } = await rings(life);
  const { key, payload } = announce('signing_key_rotated', by, own, platform);
  const said = readStatement(own.statement!);
  expect(key.key_id).toBe(by);
  expect(payload).toEqual({
    current: text(current),
    ...(previous !== undefined && { previous: text(previous), transition_expires: said.transition_expires }),
    scope: DOMAIN,
    old_key_id: said.old_key_id,
    new_key_id: said.new_key_id,
    opened_at: said.opened_at,
    epoch: own.trust_epoch,
    statement: own.statement,
  });
});

test.each<[string, Life]>([
  ['rotated', rotated],
  ['staged', staged],
  ['unstaged', after(staged, (ring) => ring.unstage(NOW))],
])('platform_key_rotated: what the platform %s, by the active key of the Domain', async (_, life) => {
  const { own, platform } = await rings(rotated, life);
  const { key, payload } = announce('platform_key_rotated', 'b', own, platform);
  expect(key.key_id).toBe('b');
  const { transition_expires } = readStatement(platform.statement!);
  const expires = transition_expires === null ? {} : { transition_expires };
  expect(payload).toEqual({ epoch: platform.epoch, ...expires, statement: platform.statement });
});

test.each<[string, Life, Announce['event_type'], string]>([
  ['a key that was never there', rotated, 'signing_key_rotated', 'c'],
  ['the new key, which nobody holds that has to be told', rotated, 'signing_key_rotated', 'b'],
  ['a staged key', staged, 'signing_key_rotated', 's'],
  ['the key that came back', after(rotated, (ring) => ring.rollback(NOW)), 'signing_key_rotated', 'a'],
  ['a revoked key', after(rotated, (ring) => ring.revoke('a', NOW)), 'signing_key_rotated', 'a'],
  ['the outgoing key, for the platform’s', rotated, 'platform_key_rotated', 'a'],
])('%s signs no announcement', async (_, life, eventType, keyId) => {
  const { own, platform } = await rings(life, rotated);
  expect(() => announce(eventType, keyId, own, platform)).toThrow(unknownKey);
});

/** As the last statement, which a Node has to follow, tells it: what it does not tell goes by the chain. */
test.each<[string, Life, string]>([
  ['was just made', async () => undefined, 'a'],
  ['is closed', after(rotated, (ring) => ring.close()), 'b'],
  [
    'has settled',
    after(
      rotated,
      (ring) => ring.rollback(NOW),
      (ring) => ring.settle(),
    ),
    'a',
  ],
  ['has another key ahead', after(rotated, (ring) => ring.recommit(NOW)), 'a'],
])('a ring that %s has nothing to announce', async (_, life, keyId) => {
  const { own, platform } = await rings(life, life);
  expect(() => announce('signing_key_rotated', keyId, own, platform)).toThrow(nothing);
  expect(() =>
    announce('platform_key_rotated', own.keys.find(({ state }) => state === 'active')!.key_id, own, platform),
  ).toThrow(nothing);
});

test.each<[string, (view: RingView, other: RingView) => Partial<RingView>]>([
  ['a statement of another ring', (_, { statement }) => ({ statement })],
  ['a statement of another epoch', (view) => ({ trust_epoch: view.trust_epoch + 1 })],
  ['no second key', (view) => ({ keys: view.keys.filter(({ state }) => state === 'active') })],
  [
    'a second key with another end',
    (view) => ({
      keys: view.keys.map((key) => ({ ...key, verifies_until: key.verifies_until && '2031-06-01T00:00:00Z' })),
    }),
  ],
])('what does not fit its ring is not announced: %s', async (_, torn) => {
  const { own, platform } = await rings(rotated, rotated);
  const keyId = torn(own, platform).keys?.length === 1 ? 'b' : 'a';
  expect(() => announce('signing_key_rotated', keyId, { ...own, ...torn(own, platform) }, platform)).toThrow(nothing);
});

test.each<[string, (view: RingView) => Partial<RingView>]>([
  ['statement', () => ({ statement: null, statement_hash: null })],
  ['public half of a key', ({ keys }) => ({ keys: keys.map((key) => ({ ...key, public_key: null })) })],
])('a ring without a %s, as one of shared secrets is, has nothing to announce', async (_, without) => {
  const { own, platform } = await rings(rotated);
  expect(() => announce('signing_key_rotated', 'a', { ...own, ...without(own) }, platform)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', body: expect.objectContaining({ field: 'scope' }) }),
  );
});
