import { isOpen, phaseOf, type Transition } from './transition';

describe('isOpen', () => {
  const transition: Transition = {
    scope: 'platform',
    oldKeyId: 'a',
    newKeyId: 'b',
    openedAt: new Date(0),
    activatedAt: new Date(0),
    transitionExpires: new Date(2),
    closesAt: new Date(1),
    outcome: null,
  };

  it('is what has not ended', () => expect(isOpen(transition)).toBe(true));

  it.each(['closed', 'rolled_back', 'revoked'] as const)('is not one that was %s', (outcome) => {
    expect(isOpen({ ...transition, outcome })).toBe(false);
  });

  it('is not none', () => expect(isOpen(null)).toBe(false));
});

describe('phaseOf', () => {
  it.each([
    [{ activatedAt: null, outcome: null }, 'staged'],
    [{ activatedAt: new Date(1), outcome: null }, 'active'],
    [{ activatedAt: new Date(1), outcome: 'closed' }, 'closed'],
    [{ activatedAt: null, outcome: 'rolled_back' }, 'rolled_back'],
    [{ activatedAt: null, outcome: 'revoked' }, 'revoked'],
  ] as const)('of %j is %s', (transition, phase) => expect(phaseOf(transition)).toBe(phase));
});
