// One rotation of a shared secret from its beginning to its end: what each command makes of the ring, and who waits for whom.
import {
  at,
  BOTH_SIDES,
  CHANNEL,
  FIRST,
  opening,
  proves,
  receiver,
  sender,
  TERMS,
} from '../../testing/channel-members';
import type { KeyRing } from '../key-ring';
import { phaseOf } from '../transition';
import { activateKey, mayActivate } from './activate-key';
import { channelCloseGate, closeChannelRotation } from './close-channel-rotation';
import { heldByMember } from './held-by-member';
import { openChannelRotation } from './open-channel-rotation';

const NAMED = { oldKeyId: 'old', newKeyId: 'new' };
const states = ({ keys }: KeyRing) => Object.fromEntries(keys.map(({ keyId, state }) => [keyId, state]));
const given = (ring: KeyRing, role: 'sender' | 'receiver', minutes: number) =>
  heldByMember(ring, role, CHANNEL, at(minutes)).map(({ keyId, isActive }) => (isActive ? `${keyId} signs` : keyId));

describe('a shared secret is rotated', () => {
  const staged = openChannelRotation(FIRST, null, opening(), CHANNEL);
  const proven = receiver('plugin-1', proves({ old: at(-60), new: at(1) }));
  const activated = activateKey(staged.ring, staged.transition, [sender('app-1'), proven], TERMS, at(2));

  it('first it is staged: who receives is given it, who sends is not, and the old one signs', () => {
    expect(states(staged.ring)).toEqual({ old: 'active', new: 'staged' });
    expect(phaseOf(staged.transition)).toBe('staged');
    expect([staged.ring.epoch, staged.ring.trustEpoch, staged.statement]).toEqual([2, 2, null]);
    expect([given(staged.ring, 'sender', 1), given(staged.ring, 'receiver', 1)]).toEqual([
      ['old signs'],
      ['old signs', 'new'],
    ]);
  });

  it('it waits, for as long as it takes, until every receiver has proven it', () => {
    const new_ = { keyId: 'new', ...TERMS };
    expect(mayActivate(BOTH_SIDES, new_, at(10_000))).toMatchObject({ allowed: false, from: null });
    expect(mayActivate([sender('app-1'), proven], new_, at(2)).allowed).toBe(true);
  });

  it('then it signs, and the window begins', () => {
    expect(states(activated.ring)).toEqual({ old: 'retiring', new: 'active' });
    expect(phaseOf(activated.transition)).toBe('active');
    expect(activated.transition).toMatchObject({ openedAt: at(0), activatedAt: at(2), closesAt: at(62) });
    expect(activated.transition.transitionExpires).toEqual(at(62.5));
    expect([activated.ring.epoch, activated.ring.trustEpoch]).toEqual([3, 3]);
  });

  it('both ends hold both keys until the window is over, by the slowest clock', () => {
    for (const role of ['sender', 'receiver'] as const) {
      expect(given(activated.ring, role, 62)).toEqual(['new signs', 'old']);
      expect(given(activated.ring, role, 62.5)).toEqual(['new signs']);
    }
  });

  it('it closes before that once every sender has switched, five minutes have passed, and receivers saw nothing by the old', () => {
    const switched = sender('app-1', { acknowledgedAt: at(4) });
    const seen = { ...proven, reportedFrom: at(9) };
    const gate = (members: Parameters<typeof channelCloseGate>[0], minutes: number) =>
      channelCloseGate(members, activated.transition, TERMS, at(minutes), false).allowed;
    expect([gate([sender('app-1'), seen], 61), gate([switched, proven], 61), gate([switched, seen], 8.9)]).toEqual([
      false,
      false,
      false,
    ]);
    const closing = { ...NAMED, members: [switched, seen], at: at(10), force: false };
    const closed = closeChannelRotation(activated.ring, activated.transition, closing, TERMS);
    expect(states(closed.ring)).toEqual({ old: 'retired', new: 'active' });
    expect([closed.gone, closed.ring.epoch, closed.ring.trustEpoch]).toEqual([['old'], 4, 3]);
    expect(phaseOf(closed.transition)).toBe('closed');
  });
});
