import { changeAt, type GoRing } from './go-ring';

/**
 * How long an announcement is under way at most: a gateway passes none that was issued earlier, and no stream lasts longer.
 */
export const LONGEST_WAY_MS = 60_000;

/**
 * Whether a Node that holds this epoch verifies what the key that was active then announces, whatever else it has been
 * shown since and may have taken, a state included.
 *
 * The key must be active, or retiring; and since that epoch (its own change included: a stage names the active key as
 * `previous`) nothing that was told may end it before the announcement arrives. A rotation that was taken back ended
 * the key of before, for whoever heard of it and not of the rollback.
 */
export function mayAnnounce(epoch: number, ring: GoRing, now: Date): boolean {
  const arrivesAt = new Date(now.getTime() + LONGEST_WAY_MS);
  const change = changeAt(ring, epoch);
  const key = ring.keys.find(({ keyId, state }) => keyId === change?.activeKeyId && state !== 'staged');
  if (change === undefined || key === undefined) return false;
  const ends = ring.changes
    .filter((each) => each.epoch >= change.epoch && each.previousKeyId === key.keyId)
    .map(({ previousUntil }) => previousUntil);
  return ends.every((end) => end === null || arrivesAt < end);
}

/** The key that announces to a Node at this epoch. */
export const announcer = (epoch: number, ring: GoRing): string | undefined => changeAt(ring, epoch)?.activeKeyId;
