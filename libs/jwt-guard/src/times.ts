/** The times that what the guard promises stands on, and how it measures them. */

export interface Times {
  /** From the beginning of one fetch to that of the next, at most: up to a fifth less, so that guards spread. */
  pollEveryMs: number;
  /** Until the last byte of an answer. With the one above: a key that was thrown out is refused after 30 s. */
  fetchWithinMs: number;
  /** Between two fetches, at least, whatever tokens name for keys. */
  refetchAfterMs: number;
  /** How long a key set serves that the issuer has not confirmed again. */
  serveUnconfirmedMs: number;
}

export const DEFAULT_TIMES: Times = {
  pollEveryMs: 25_000,
  fetchWithinMs: 5_000,
  refetchAfterMs: 5_000,
  serveUnconfirmedMs: 15 * 60_000,
};

/** Up to which share of a time it is cut. */
export const JITTER = 0.2;

/** What both clocks of the process say at one moment. */
export interface Moment {
  wallMs: number;
  steadyMs: number;
}

export const moment = (): Moment => ({ wallMs: Date.now(), steadyMs: performance.now() });

export const before = ({ wallMs, steadyMs }: Moment, ms: number): Moment => ({
  wallMs: wallMs - ms,
  steadyMs: steadyMs - ms,
});

/**
 * By the clock that says more: the one stands still while a machine sleeps, the other can be set back. Where one is wrong,
 * keys are asked for too early, and never too late.
 */
export const msSince = (then: Moment, now = moment()): number =>
  Math.max(now.wallMs - then.wallMs, now.steadyMs - then.steadyMs);

export const isWithin = (ms: number, then: Moment | undefined, now = moment()): boolean =>
  then !== undefined && msSince(then, now) <= ms;
