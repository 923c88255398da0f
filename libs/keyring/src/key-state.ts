/**
 * Why each state exists:
 * - `staged`: verifiers must be able to hold a key before anything is signed by it.
 * - `active`: somebody has to sign, and it is exactly one key, so that nobody asks which.
 * - `retiring`: what the outgoing key signed is still under way, and a way back needs its private half.
 * - `retired`: a key id must never come back, so the ring remembers it after the key itself is gone.
 * - `revoked`: a compromised key must be refused even where it would still be in time.
 */
export type KeyState = 'staged' | 'active' | 'retiring' | 'retired' | 'revoked';

export const KEY_STATES: readonly KeyState[] = ['staged', 'active', 'retiring', 'retired', 'revoked'];

/** Retiring goes back to active by rollback alone; nothing leaves `revoked`. */
const NEXT: Readonly<Record<KeyState, readonly KeyState[]>> = {
  staged: ['active', 'retired', 'revoked'],
  active: ['retiring', 'revoked'],
  retiring: ['active', 'retired', 'revoked'],
  retired: ['revoked'],
  revoked: [],
};

export const mayBecome = (from: KeyState, to: KeyState): boolean => NEXT[from].includes(to);

/** In which a verifier should hold a key. */
export type TrustedState = 'staged' | 'active' | 'retiring';

export const isTrusted = (state: KeyState): state is TrustedState =>
  state === 'staged' || state === 'active' || state === 'retiring';
