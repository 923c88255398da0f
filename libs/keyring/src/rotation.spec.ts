import { createRing, type Key, type KeyRing } from './key-ring';
import type { KeyState } from './key-state';
import type { RefusalCode } from './refusal';
import { closeRotation, openRotation } from './rotation';
import { scopePolicy } from './scope-policy';
import type { Transition } from './transition';

const OPENED_AT = new Date('2024-05-01T00:00:00Z');
const DAY_MS = 86_400_000;
const POLICY = scopePolicy('platform');
const EXPIRES = new Date('2024-05-02T00:00:30Z');
const rotateTo = (newKeyId: string) => ({
  ...{ newKeyId, openedAt: OPENED_AT, overlapWindowMs: DAY_MS, clockSkewMs: 30_000, propagationDelayMs: 0 },
});
const key = (keyId: string, state: KeyState): Key => ({
  keyId,
  state,
  verifiesUntil: state === 'retiring' ? EXPIRES : null,
  ...{ stagedAt: null, publishedAt: null, rotateBy: null, longestTokenMs: null, tokensUntil: null, foreign: null },
});
const first = createRing('platform', 'a');
const opened = openRotation(first, null, rotateTo('b'), POLICY);
const closed = closeRotation(opened.ring, opened.transition, { oldKeyId: 'a', newKeyId: 'b' });

const refusalOf = (command: () => unknown) => {
  try {
    command();
  } catch (error) {
    return error as { code: RefusalCode; members: Record<string, unknown> };
  }
  throw new Error('was not refused');
};

describe('openRotation', () => {
  it('makes the new key sign, the old one verify, and raises both epochs', () => {
    expect(opened.ring).toEqual({
      scope: 'platform',
      epoch: 2,
      trustEpoch: 2,
      keys: [key('a', 'retiring'), key('b', 'active')],
    });
  });

  it('opens a transition for the overlap window', () => {
    expect(opened.transition).toEqual({
      scope: 'platform',
      oldKeyId: 'a',
      newKeyId: 'b',
      openedAt: OPENED_AT,
      activatedAt: OPENED_AT,
      closesAt: new Date('2024-05-02T00:00:00Z'),
      transitionExpires: EXPIRES,
      outcome: null,
    });
  });

  it('leaves its arguments alone', () => {
    expect(first.keys).toEqual([key('a', 'active')]);
  });

  it('refuses a second rotation, and names the first', () => {
    expect(refusalOf(() => openRotation(opened.ring, opened.transition, rotateTo('c'), POLICY))).toMatchObject({
      code: 'rotation_in_progress',
      members: { oldKeyId: 'a', newKeyId: 'b', openedAt: OPENED_AT, closesAt: new Date('2024-05-02T00:00:00Z') },
    });
  });

  it.each(['a', 'b'])('refuses %s, which stood in the ring, retired or not', (keyId) => {
    expect(refusalOf(() => openRotation(closed.ring, closed.transition, rotateTo(keyId), POLICY))).toMatchObject({
      code: 'key_id_in_use',
      members: { newKeyId: keyId },
    });
  });

  it('refuses a key id that was revoked', () => {
    const ring: KeyRing = { ...first, keys: [key('z', 'revoked'), ...first.keys] };
    expect(refusalOf(() => openRotation(ring, null, rotateTo('z'), POLICY)).code).toBe('key_id_in_use');
  });

  it.each([
    ['newKeyId', { newKeyId: '' }],
    ['overlapWindow', { overlapWindowMs: 0 }],
    ['overlapWindow', { overlapWindowMs: -1 }],
    ['overlapWindow', { overlapWindowMs: 1.5 }],
    ['overlapWindow', { overlapWindowMs: Number.NaN }],
    ['overlapWindow', { overlapWindowMs: Infinity }],
    ['clockSkew', { clockSkewMs: -1 }],
    ['clockSkew', { clockSkewMs: Number.NaN }],
    ['openedAt', { openedAt: new Date(Number.NaN) }],
    ['openedAt', { overlapWindowMs: Number.MAX_SAFE_INTEGER }],
  ])('refuses a malformed %s: %j', (field, part) => {
    expect(refusalOf(() => openRotation(first, null, { ...rotateTo('b'), ...part }, POLICY))).toMatchObject({
      code: 'invariant_violation',
      members: { field },
    });
  });

  it('refuses the transition of another scope', () => {
    const foreign: Transition = { ...closed.transition, scope: 'issuer:x' };
    expect(refusalOf(() => openRotation(first, foreign, rotateTo('b'), POLICY))).toMatchObject({
      code: 'invariant_violation',
      members: { field: 'scope' },
    });
  });

  it('never makes room for a third trusted key', () => {
    const ring: KeyRing = { ...first, keys: [...first.keys, key('s', 'retiring')] };
    expect(refusalOf(() => openRotation(ring, null, rotateTo('b'), POLICY))).toMatchObject({
      code: 'rollback_settling',
      members: { keyId: 's' },
    });
  });

  it('lets as many keys be trusted as the scope’s verifiers have room for', () => {
    const roomy = { ...POLICY, mostTrusted: 3 };
    const ring: KeyRing = { ...first, keys: [key('s', 'retiring'), ...first.keys] };
    const { keys } = openRotation(ring, null, rotateTo('b'), roomy).ring;
    expect(keys.map(({ state }) => state)).toEqual(['retiring', 'retiring', 'active']);
    const full: KeyRing = { ...ring, keys: [key('r', 'retiring'), ...ring.keys] };
    expect(refusalOf(() => openRotation(full, null, rotateTo('b'), roomy)).code).toBe('invariant_violation');
  });

  it('brings in no key that would sign unheard of, where verifiers ask for keys when they like', () => {
    const policy = { ...POLICY, newKey: 'is_staged_first' } as const;
    expect(refusalOf(() => openRotation(first, null, rotateTo('b'), policy))).toMatchObject({
      code: 'key_not_staged',
      members: { keyId: 'b' },
    });
  });

  it('refuses in a stable order: malformed, in progress, in use', () => {
    const everything = { ...rotateTo('a'), overlapWindowMs: 0 };
    expect(refusalOf(() => openRotation(opened.ring, opened.transition, everything, POLICY)).code).toBe(
      'invariant_violation',
    );
    const racing = rotateTo('b');
    expect(refusalOf(() => openRotation(opened.ring, opened.transition, racing, POLICY)).code).toBe(
      'rotation_in_progress',
    );
    expect(refusalOf(() => openRotation(closed.ring, closed.transition, racing, POLICY)).code).toBe('key_id_in_use');
  });
});

describe('closeRotation', () => {
  const names = { oldKeyId: 'a', newKeyId: 'b' };

  it('retires the old key, raises the epoch and leaves the trust epoch', () => {
    expect(closed.ring).toEqual({
      scope: 'platform',
      epoch: 3,
      trustEpoch: 2,
      keys: [key('a', 'retired'), key('b', 'active')],
    });
    expect(closed.transition).toEqual({ ...opened.transition, outcome: 'closed' });
  });

  it.each([
    ['none', null],
    ['one that has ended', closed.transition],
  ])('refuses where the transition is %s', (_, transition) => {
    expect(refusalOf(() => closeRotation(closed.ring, transition, names)).code).toBe('no_open_rotation');
  });

  it.each([
    ['old', { oldKeyId: 'x' }],
    ['new', { newKeyId: 'x' }],
    ['both, swapped', { oldKeyId: 'b', newKeyId: 'a' }],
  ])('refuses another triple: %s', (_, part) => {
    expect(refusalOf(() => closeRotation(opened.ring, opened.transition, { ...names, ...part }))).toMatchObject({
      code: 'transition_mismatch',
      members: { oldKeyId: 'a', newKeyId: 'b' },
    });
  });

  it('refuses the transition of another scope', () => {
    const foreign: Transition = { ...opened.transition, scope: 'issuer:x' };
    expect(refusalOf(() => closeRotation(opened.ring, foreign, names)).code).toBe('invariant_violation');
  });

  it('refuses where ring and transition disagree', () => {
    expect(refusalOf(() => closeRotation(first, opened.transition, names)).code).toBe('invariant_violation');
    expect(refusalOf(() => closeRotation(closed.ring, opened.transition, names)).code).toBe('invariant_violation');
  });

  it('refuses in a stable order: malformed, not open, mismatch', () => {
    const wrong = { oldKeyId: 'x', newKeyId: 'y' };
    const foreign: Transition = { ...closed.transition, scope: 'issuer:x' };
    expect(refusalOf(() => closeRotation(opened.ring, foreign, wrong)).code).toBe('invariant_violation');
    expect(refusalOf(() => closeRotation(opened.ring, null, wrong)).code).toBe('no_open_rotation');
    expect(refusalOf(() => closeRotation(opened.ring, opened.transition, wrong)).code).toBe('transition_mismatch');
  });
});
