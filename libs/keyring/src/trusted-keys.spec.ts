import type { Key } from './key-ring';
import type { KeyState } from './key-state';
import type { Transition } from './transition';
import { trustedKeys } from './trusted-keys';

const policy = { clockSkewMs: 30_000 };
const transition: Transition = {
  scope: 'platform',
  oldKeyId: 'retiring',
  newKeyId: 'active',
  openedAt: new Date('2024-05-01T00:00:00Z'),
  closesAt: new Date('2024-05-02T00:00:00Z'),
  outcome: null,
};
const ring = (...states: KeyState[]) => ({ keys: states.map((state): Key => ({ keyId: state, state })) });

describe('trustedKeys', () => {
  it('has the active key without end', () => {
    expect(trustedKeys(ring('active'), null, policy)).toEqual([{ keyId: 'active', notAfter: null }]);
  });

  it('has the retiring key until transition_expires, after the newer one', () => {
    expect(trustedKeys(ring('retiring', 'active'), transition, policy)).toEqual([
      { keyId: 'active', notAfter: null },
      { keyId: 'retiring', notAfter: new Date('2024-05-02T00:00:30Z') },
    ]);
  });

  it('counts a staged key, first', () => {
    expect(trustedKeys(ring('active', 'staged'), null, policy)).toEqual([
      { keyId: 'staged', notAfter: null },
      { keyId: 'active', notAfter: null },
    ]);
  });

  it('never names a retired or revoked key', () => {
    const names = trustedKeys(ring('retired', 'revoked', 'active'), null, policy).map(({ keyId }) => keyId);
    expect(names).toEqual(['active']);
  });

  it.each([
    ['no transition', null],
    ['that of another key', { ...transition, oldKeyId: 'other' }],
  ])('refuses a retiring key with %s: it would have no end', (_, other) => {
    expect(() => trustedKeys(ring('retiring', 'active'), other, policy)).toThrow(
      expect.objectContaining({ code: 'invariant_violation', members: { field: 'transition' } }),
    );
  });
});
