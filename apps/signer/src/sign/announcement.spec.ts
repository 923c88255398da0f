import { PLATFORM, type RingView } from '@plexsphere/wire';
import type { Announce } from '@plexsphere/wire/commands';
import { DOMAIN, publicKeyOf, ringOf, rotatedRing, transitionOf } from '@plexsphere/testkit';
import { announcementOf } from './announcement';

const open = rotatedRing(DOMAIN, 2, 'a', 'b');
const closed = ringOf(DOMAIN, 3, { b: 'active' }, { trust_epoch: 2, transition: transitionOf('a', 'b', 'closed') });
const fresh = ringOf(DOMAIN, 1, { a: 'active' });
const platform = rotatedRing(PLATFORM, 9, 'p', 'q');

const announce = (
  eventType: Announce['event_type'],
  keyId: string,
  ring: RingView,
  platformRing: RingView = platform,
) =>
  announcementOf(
    {
      event_type: eventType,
      key_id: keyId,
      scope: ring.scope,
      epoch: ring.epoch,
      event_id: 'e',
      issued_at: '2031-05-01T10:00:00Z',
      nonce: 'n',
      duration_ms: 1_000,
    },
    ring,
    platformRing,
  );

const refused = (detail: string) => expect.objectContaining({ detail: `signing: ${detail}` });

test.each(['a', 'b'])('signing_key_rotated by %s: current is the new key, previous the outgoing one', (keyId) => {
  const { key, payload } = announce('signing_key_rotated', keyId, open);
  expect(key.key_id).toBe(keyId);
  expect(payload).toEqual({
    current: publicKeyOf('b'),
    previous: publicKeyOf('a'),
    transition_expires: '2031-05-02T10:00:30Z',
    scope: DOMAIN,
    old_key_id: 'a',
    new_key_id: 'b',
    opened_at: '2031-05-01T10:00:00Z',
    epoch: 2,
    statement: open.statement,
  });
});

test('platform_key_rotated: what the platform changed, by the key of the Domain', () => {
  const { key, payload } = announce('platform_key_rotated', 'b', open);
  expect(key.key_id).toBe('b');
  expect(payload).toEqual({ epoch: 9, transition_expires: '2031-05-02T10:00:30Z', statement: platform.statement });
});

test.each<[string, Announce['event_type'], string, RingView]>([
  ['a key that closed', 'signing_key_rotated', 'a', closed],
  ['a key that never was', 'signing_key_rotated', 'c', open],
  [
    'a staged key',
    'signing_key_rotated',
    's',
    { ...open, keys: [...open.keys, ...ringOf(DOMAIN, 2, { s: 'staged' }).keys] },
  ],
  ['the outgoing key, for the platform’s', 'platform_key_rotated', 'a', open],
])('%s signs nothing: %s', (_, eventType, keyId, ring) => {
  expect(() => announce(eventType, keyId, ring)).toThrow(refused('unknown key'));
});

test.each<[string, RingView, string]>([
  ['closed', closed, 'b'],
  ['not there', fresh, 'a'],
])('a transition that is %s is not announced as open', (_, ring, keyId) => {
  expect(() => announce('signing_key_rotated', keyId, ring)).toThrow(refused('no open rotation'));
});

test('a transition that does not fit the keys is not announced', () => {
  const torn = { ...open, transition: transitionOf('a', 'c') };
  expect(() => announce('signing_key_rotated', 'a', torn)).toThrow(refused('no open rotation'));
});

test('a transition of the platform that has ended is left to the chain', () => {
  const over = { ...platform, transition: transitionOf('p', 'q', 'closed') };
  expect(() => announce('platform_key_rotated', 'b', open, over)).toThrow(refused('no open rotation'));
});

test.each<[string, Partial<RingView>]>([
  ['statement', { statement: null, statement_hash: null }],
  ['public half of a key', { keys: open.keys.map((key) => ({ ...key, public_key: null })) }],
])('a ring without a %s, as one of shared secrets is, has nothing to announce', (_, without) => {
  expect(() => announce('signing_key_rotated', 'a', { ...open, ...without })).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', body: expect.objectContaining({ field: 'scope' }) }),
  );
});
