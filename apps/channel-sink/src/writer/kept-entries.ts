/** What of a target stays beside our keys; everything that must not be written over is refused here. */
import { FORMATS, type Entry, type FormatName } from '../contents/formats';
import { hasClosed } from '../contents/has-closed';
import { isOurs, type RingRecord } from '../record/ring-record';
import { SinkError, type Place } from '../sink-error';
import type { SinkKey, Use } from '../sink-key';

export interface Surroundings {
  place: Place;
  use: Use;
  format: FormatName;
  takeOver: boolean;
}

export interface Situation {
  keys: readonly SinkKey[];
  /** All of them, as they are spelled. */
  held: readonly Entry[];
  /** What is to be written of them. */
  given: readonly Entry[];
  record: RingRecord | undefined;
  /** What stands in the target. */
  found: string;
}

/**
 * The entries of somebody else's that stay beside ours. None for a party that signs: it would not know which to take.
 * @throws SinkError
 */
export function keptEntries(situation: Situation, surroundings: Surroundings): Entry[] {
  const { record, found } = situation;
  if (record !== undefined && isOurs(record, found)) return keptBefore(record, situation, surroundings);
  if (record === undefined || record.settled === null) return keptAtFirst(situation, surroundings);
  // The very text that is to stand there is nobody else's, whoever has put it there.
  if (found === FORMATS[surroundings.format].write(situation.given)) return [];
  throw new SinkError('target_changed', surroundings.place);
}

/** Until the first close of the ring: from then on nobody goes by them. */
function keptBefore(
  { takenOver, keys: before }: RingRecord,
  { keys, held, found }: Situation,
  { place, format }: Surroundings,
): Entry[] {
  if (takenOver.length === 0 || hasClosed(before, keys)) return [];
  const kept = (FORMATS[format].read(found) ?? []).filter(([keyId]) => takenOver.includes(keyId));
  return withoutHeld(kept, held, place);
}

/** Whoever holds all that stands there takes nothing from anybody: a sink whose own folder was lost goes on. */
function keptAtFirst({ held, found }: Situation, { place, use, format, takeOver }: Surroundings): Entry[] {
  const entries = FORMATS[format].read(found);
  if (entries === undefined) throw new SinkError(takeOver ? 'target_malformed' : 'target_foreign', place);
  const foreign = withoutHeld(entries, held, place);
  if (foreign.length > 0 && !takeOver) throw new SinkError('target_foreign', place);
  return use === 'verify' ? foreign : [];
}

/** @throws SinkError where an id of ours names another secret: whichever of the two stays, somebody is refused */
function withoutHeld(entries: readonly Entry[], held: readonly Entry[], place: Place): Entry[] {
  const secrets = new Map(held);
  return entries.filter(([keyId, secret]) => {
    const own = secrets.get(keyId);
    if (own !== undefined && own !== secret) throw new SinkError('key_differs', place);
    return own === undefined;
  });
}
