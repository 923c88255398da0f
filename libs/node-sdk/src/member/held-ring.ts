/** What a member holds of one ring, and what of that serves at a moment. Pure: each change is a copy. */
import type { Scope } from '@plexsphere/wire';

export interface HeldRing {
  scope: Scope;
  epoch: number;
  /** Newest first, as it was told. None of a ring that has gone from the member; its epoch stays. */
  keys: readonly HeldKey[];
  /** When a sender was first given its active key to sign by. On the disk, so that a restart does not begin it anew. */
  signsSince: Date | null;
}

export interface HeldKey {
  keyId: string;
  secret: Buffer;
  use: 'sign' | 'verify';
  /** The one that signs. */
  active: boolean;
  /** Of a sender: for how long after `signsSince` this one signs beside the active one. */
  besideSeconds: number | null;
  verifiesUntil: Date | null;
}

const isOver = ({ verifiesUntil }: HeldKey, now: Date): boolean => verifiesUntil !== null && verifiesUntil <= now;

const hasOver = ({ keys }: HeldRing, now: Date): boolean => keys.some((key) => isOver(key, now));

/** Without keys whose time is over; the very same where there are none. */
export function ringsAt(rings: readonly HeldRing[], now: Date): readonly HeldRing[] {
  if (!rings.some((ring) => hasOver(ring, now))) return rings;
  return rings.map((ring) =>
    hasOver(ring, now) ? { ...ring, keys: ring.keys.filter((key) => !isOver(key, now)) } : ring,
  );
}

/** What a receiver verifies by, newest first; what a sender signs by, the active one first. */
export function servingKeys({ keys, signsSince }: HeldRing, now: Date): HeldKey[] {
  const good = keys.filter((key) => !isOver(key, now));
  const active = good.find((key) => key.active);
  if (active?.use !== 'sign') return good.filter(({ use }) => use === 'verify');
  return [active, ...good.filter((key) => key !== active && now.getTime() < besideUntilMs(key, signsSince))];
}

/** When what serves changes by itself, after `now`; Infinity where it does not. Milliseconds since 1970. */
export function nextChangeMs(rings: readonly HeldRing[], now: Date): number {
  const ends = rings.flatMap(({ keys, signsSince }) =>
    keys.flatMap((key) => [key.verifiesUntil?.getTime() ?? Infinity, besideUntilMs(key, signsSince)]),
  );
  return Math.min(Infinity, ...ends.filter((end) => end > now.getTime()));
}

/** Of a key that does not sign beside another long ago. */
const besideUntilMs = ({ besideSeconds }: HeldKey, signsSince: Date | null): number =>
  besideSeconds === null || signsSince === null ? 0 : signsSince.getTime() + 1_000 * besideSeconds;
