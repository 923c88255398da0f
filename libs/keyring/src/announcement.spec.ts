import { nextKeyMessage } from './announcement';
import type { Key, KeyRing } from './key-ring';

const activeAt = (epoch: number) => [undefined, 'a', 'b', 'b', 'c', 'c'][epoch];
const ring = (epoch: number, trustEpoch: number, ...keys: Key[]): KeyRing => ({
  scope: 'platform',
  epoch,
  trustEpoch,
  keys,
});
const rotated = ring(2, 2, { keyId: 'a', state: 'retiring' }, { keyId: 'b', state: 'active' });
const closed = ring(3, 2, { keyId: 'a', state: 'retired' }, { keyId: 'b', state: 'active' });
const again = ring(
  4,
  4,
  ...closed.keys.slice(0, 1),
  { keyId: 'b', state: 'retiring' },
  { keyId: 'c', state: 'active' },
);
const rolledBack = ring(3, 3, { keyId: 'a', state: 'active' }, { keyId: 'b', state: 'retiring' });
const revoked = ring(3, 3, { keyId: 'a', state: 'revoked' }, { keyId: 'b', state: 'active' });
const staged = ring(2, 2, { keyId: 'a', state: 'active' }, { keyId: 'b', state: 'staged' });

const none = { kind: 'none' };
const chain = { kind: 'chain' };
const announce = (eventType: string, keyId: string) => ({ kind: 'announce', eventType, keyId });

describe('nextKeyMessage', () => {
  it.each([
    ['told the present epoch', 2, rotated, none],
    ['told a later epoch than the ring has', 3, rotated, none],
    ['told before the rotation', 1, rotated, announce('signing_key_rotated', 'a')],
    ['told before the close', 2, closed, announce('signing_key_retired', 'b')],
    ['slept through rotation and close', 1, closed, chain],
    ['told before the next rotation', 3, again, announce('signing_key_rotated', 'b')],
    ['slept through a close and the next rotation', 2, again, announce('signing_key_rotated', 'b')],
    ['slept through two rotations', 1, again, chain],
    ['told the key that was rolled back', 2, rolledBack, announce('signing_key_rotated', 'b')],
    ['slept through a rollback', 1, rolledBack, announce('signing_key_rotated', 'a')],
    ['holds a revoked key alone', 1, revoked, chain],
    ['told before a key was staged', 1, staged, announce('signing_key_rotated', 'a')],
    ['told at an epoch that nobody remembers', 0, rotated, chain],
  ] as const)('%s', (_, toldEpoch, present, expected) => {
    expect(nextKeyMessage(toldEpoch, present, activeAt)).toEqual(expected);
  });
});
