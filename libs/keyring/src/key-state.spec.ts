import { isTrusted, KEY_STATES, type KeyState, mayBecome } from './key-state';

describe('key state', () => {
  const allowed: Record<KeyState, KeyState[]> = {
    staged: ['active', 'retired', 'revoked'],
    active: ['retiring', 'revoked'],
    retiring: ['active', 'retired', 'revoked'],
    retired: ['revoked'],
    revoked: [],
  };
  const pairs = KEY_STATES.flatMap((from) => KEY_STATES.map((to) => [from, to, allowed[from].includes(to)] as const));

  it.each(pairs)('%s → %s: %s', (from, to, expected) => {
    expect(mayBecome(from, to)).toBe(expected);
  });

  it('is trusted in exactly three states', () => {
    expect(KEY_STATES.filter(isTrusted)).toEqual(['staged', 'active', 'retiring']);
  });

  it('never leads from a state that is not trusted to one that is', () => {
    for (const [from, to, ok] of pairs) if (ok && !isTrusted(from)) expect(isTrusted(to)).toBe(false);
  });
});
