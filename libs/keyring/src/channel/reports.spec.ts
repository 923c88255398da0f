// What a member's report makes of what is known of it.
import { at, CHANNEL, FIRST, STAGED } from '../../testing/channel-members';
import { changeMembers } from './change-members';
import { heldByMember } from './held-by-member';
import { acknowledgedBy } from './senders';
import { provenAfter, takesProof } from './takes-proof';

describe('a change of trust is acknowledged', () => {
  it.each<[string, Parameters<typeof acknowledgedBy>[0], number, ReturnType<typeof acknowledgedBy>]>([
    ['not by who holds an earlier epoch', null, 4, null],
    ['by who holds it', null, 5, { trustEpoch: 5, at: at(9) }],
    ['by who holds a later one', null, 6, { trustEpoch: 5, at: at(9) }],
    ['since the first report of it', { trustEpoch: 5, at: at(1) }, 6, { trustEpoch: 5, at: at(1) }],
    ['anew after another one', { trustEpoch: 3, at: at(1) }, 5, { trustEpoch: 5, at: at(9) }],
    ['no more by who came back with what it held before', { trustEpoch: 5, at: at(1) }, 4, null],
  ])('%s', (_, before, heldEpoch, after) => expect(acknowledgedBy(before, heldEpoch, 5, at(9))).toEqual(after));
});

describe('a key is proven', () => {
  it('since its first proof, for as long as each report names it', () => {
    const first = provenAfter(new Map(), ['a', 'b'], at(1));
    const second = provenAfter(first, ['b', 'c'], at(2));
    expect([...second]).toEqual([
      ['b', at(1)],
      ['c', at(2)],
    ]);
    expect([...provenAfter(second, ['a'], at(3))]).toEqual([['a', at(3)]]);
  });

  it.each([
    ['staged', 3, true],
    ['active', 4, true],
    ['retiring', 5, true],
    ['active', 2, false],
    ['active', 6, false],
    ['retired', 5, false],
    ['revoked', 5, false],
  ] as const)('a %s one that came in at epoch 3, over epoch %s of 5: %s', (state, epoch, takes) => {
    expect(takesProof({ keyId: 'a', state, stagedEpoch: 3 }, epoch, 5)).toBe(takes);
  });
});

it('a member that comes or goes raises the epoch, and nobody has to hold anything new for it', () => {
  const { ring, change, transition } = changeMembers(STAGED.ring, STAGED.transition);
  expect([change, ring.epoch, ring.trustEpoch]).toEqual(['members', 3, 2]);
  expect([ring.keys, transition]).toEqual([STAGED.ring.keys, STAGED.transition]);
});

it('a sender signs by the key that is active, who receives verifies by it', () => {
  const given = { keyId: 'old', isActive: true, verifiesUntil: null };
  expect(heldByMember(FIRST, 'sender', CHANNEL, at(0))).toEqual([{ ...given, use: 'sign' }]);
  expect(heldByMember(FIRST, 'receiver', CHANNEL, at(0))).toEqual([{ ...given, use: 'verify' }]);
});
