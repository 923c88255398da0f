import type { SinkKey } from '../sink-key';

/**
 * Whether a rotation of the ring was closed between two things that were told of it: a key has gone that is older than the
 * one that signs now. A key that goes because of a rollback is newer, and a rollback closes nothing.
 *
 * `before`: ids of all keys that were held, newest first.
 */
export function hasClosed(before: readonly string[], keys: readonly Pick<SinkKey, 'keyId' | 'active'>[]): boolean {
  const active = keys.find((key) => key.active);
  if (active === undefined) return false;
  const held = new Set(keys.map(({ keyId }) => keyId));
  // One that was not held before is newer than all of them.
  const place = before.indexOf(active.keyId);
  return before.some((keyId, index) => index > place && !held.has(keyId));
}
