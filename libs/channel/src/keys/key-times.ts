import { ChannelError } from '../channel-error';

/** Each can be made shorter, for tests, and none longer: propagation delays count on them. */
export interface KeyTimes {
  /** For how long keys serve that were read. */
  ttlMs: number;
  /** Between two reads for messages that no key verifies, and after a read that failed, at least. */
  againAfterMs: number;
  /** How long a read may take. */
  readWithinMs: number;
  /** Between two looks whether a file has changed, at least. */
  lookEveryMs: number;
}

const DEFAULT_TIMES: KeyTimes = { ttlMs: 60_000, againAfterMs: 10_000, readWithinMs: 5_000, lookEveryMs: 1_000 };

/** @throws ChannelError */
export function readTimes(given: Partial<KeyTimes> = {}): KeyTimes {
  for (const [name, ms] of Object.entries(given)) {
    const longest = DEFAULT_TIMES[name as keyof KeyTimes] as number | undefined;
    if (longest === undefined || !(ms >= 1 && ms <= longest))
      throw new ChannelError('option_invalid', `times.${name} has to be from 1 to ${longest ?? 'no such time'}`);
  }
  return { ...DEFAULT_TIMES, ...given };
}

/** A clock that was set back makes it old: read too early, never too late by more than it was set back. */
export function isWithin(ms: number, thenMs: number): boolean {
  const ageMs = Date.now() - thenMs;
  return ageMs >= 0 && ageMs < ms;
}
