import { activeKey, createRing, epochWentBack, type Key, stagedKey } from './key-ring';
import type { KeyState } from './key-state';
import type { RefusalCode } from './refusal';

const key = (keyId: string, state: KeyState): Key => ({
  ...{ keyId, state, verifiesUntil: null },
  ...{ stagedAt: null, publishedAt: null, rotateBy: null, longestTokenMs: null, tokensUntil: null, foreign: null },
});
const first = createRing('platform', 'a');

const refusalOf = (command: () => unknown) => {
  try {
    command();
  } catch (error) {
    return error as { code: RefusalCode; members: Record<string, unknown> };
  }
  throw new Error('was not refused');
};

describe('createRing', () => {
  it('begins at epoch 1 with the key active', () => {
    expect(first).toEqual({ scope: 'platform', epoch: 1, trustEpoch: 1, keys: [key('a', 'active')] });
  });

  it.each([
    ['scope', () => createRing('', 'a')],
    ['keyId', () => createRing('platform', '')],
  ])('refuses an empty %s', (field, command) => {
    expect(refusalOf(command)).toMatchObject({ code: 'invariant_violation', members: { field } });
  });
});

describe('activeKey', () => {
  it('is the one that signs', () => {
    expect(activeKey({ keys: [key('a', 'retiring'), key('b', 'active'), key('c', 'staged')] }).keyId).toBe('b');
  });

  it.each([
    ['none', []],
    ['two', [key('a', 'active'), key('b', 'active')]],
  ] as const)('refuses a ring with %s', (_, keys) => {
    expect(refusalOf(() => activeKey({ keys })).code).toBe('invariant_violation');
  });
});

describe('stagedKey', () => {
  it('is the one that is published and does not sign', () => {
    expect(stagedKey({ keys: [key('b', 'active'), key('c', 'staged')] })?.keyId).toBe('c');
    expect(stagedKey(first)).toBeUndefined();
  });
});

describe('epochWentBack', () => {
  it.each([
    [2, 1, false],
    [2, 2, false],
    [2, 3, true],
  ])('ring at %i, %i was seen: %s', (ringEpoch, seenEpoch, expected) => {
    expect(epochWentBack(ringEpoch, seenEpoch)).toBe(expected);
  });
});
