import { FORKED, type RingHistory, type Told } from './key-news';

/** Where a list of one ring's statements goes on: after an epoch, and before `wholeFrom` with its recoveries alone. */
export interface ListPlace {
  readonly afterEpoch: number;
  readonly wholeFrom: number;
}

/** Decided once, where a chain begins, and kept: a later part goes on after the last statement sent, and repeats none. */
export interface ChainPlace {
  /** null of a Node of `platform`: it has one ring, so one list. */
  readonly own: ListPlace | null;
  readonly platform: ListPlace;
}

/** Of a ring that the Node follows another chain of, without a way back: of that it is sent nothing, however it goes on. */
const NOTHING: ListPlace = { afterEpoch: Number.MAX_SAFE_INTEGER, wholeFrom: 0 };

/** Whether a statement of a ring belongs to what goes on at a place. */
export const isAhead = (place: ListPlace | null, { epoch, type }: { epoch: number; type: string }): boolean =>
  place !== null && epoch > place.afterEpoch && (epoch >= place.wholeFrom || type === 'recovery');

/**
 * Where a chain message to a Node begins. Each list goes on after what the Node was told.
 *
 * - On a fork it begins at the last revoke or rollback by the superior authority, which replaces whatever the Node holds.
 *   That may be proven by a recovery key that the Node does not know yet: so all recoveries come before it.
 * - The platform's begins earlier where a statement of the other list is vouched for at an earlier epoch: at the last one
 *   that says which key was active then.
 */
export function chainStart(told: Told, own: RingHistory, platform: RingHistory): ChainPlace {
  if (own.scope === platform.scope) return { own: null, platform: listStart(told.epoch, platform) };
  const ownPlace = listStart(told.epoch, own);
  const place = listStart(told.platformEpoch, platform);
  const authority = own.authorityAfter(Math.max(ownPlace.afterEpoch, ownPlace.wholeFrom - 1));
  const knownFrom = told.platformEpoch === FORKED ? place.wholeFrom : platform.headAt(told.platformEpoch);
  if (authority === null || authority >= knownFrom) return { own: ownPlace, platform: place };
  const named = platform.activeNamedAt(authority);
  const afterEpoch = Math.min(place.afterEpoch, named - 1);
  return { own: ownPlace, platform: { afterEpoch, wholeFrom: Math.min(place.wholeFrom, named) } };
}

function listStart(toldEpoch: number, ring: RingHistory): ListPlace {
  if (toldEpoch !== FORKED) return { afterEpoch: toldEpoch, wholeFrom: 0 };
  return ring.superiorEpoch === null ? NOTHING : { afterEpoch: 0, wholeFrom: ring.superiorEpoch };
}

/** Of each list the epochs of the statements that go out in one message. */
export interface ChainPart {
  readonly platform: readonly number[];
  readonly own: readonly number[];
  /** Where the next part goes on; null: this is the last one, which carries the bundle. */
  readonly next: ChainPlace | null;
}

/** `ahead`: the epochs of what is left, in order; as many as one message takes and one more are enough. */
export function chainPart(
  place: ChainPlace,
  ahead: { readonly platform: readonly number[]; readonly own: readonly number[] },
  most: number,
): ChainPart {
  const platform = ahead.platform.slice(0, most);
  const own = ahead.own.slice(0, most - platform.length);
  const isLast = platform.length === ahead.platform.length && own.length === ahead.own.length;
  const next = { own: place.own && goneOn(place.own, own), platform: goneOn(place.platform, platform) };
  return { platform, own, next: isLast ? null : next };
}

const goneOn = (place: ListPlace, sent: readonly number[]): ListPlace => ({
  ...place,
  afterEpoch: sent.at(-1) ?? place.afterEpoch,
});

/**
 * What a Node is told of once a part stands on its stream; `end` is where both rings are. A ring on a fork is so until the
 * whole chain has come, and for longer where nothing of it was sent.
 */
export function toldBy(place: ChainPlace, part: ChainPart, before: Told, end: Told): Told {
  const risen = (told: number, sent: readonly number[], at: number): number => {
    if (part.next === null) return at;
    return told === FORKED ? FORKED : Math.max(told, sent.at(-1) ?? told);
  };
  const platformEpoch = risen(before.platformEpoch, part.platform, end.platformEpoch);
  if (place.own === null) return { epoch: platformEpoch, platformEpoch };
  const isSent = place.own.afterEpoch !== NOTHING.afterEpoch;
  return { epoch: isSent ? risen(before.epoch, part.own, end.epoch) : before.epoch, platformEpoch };
}
