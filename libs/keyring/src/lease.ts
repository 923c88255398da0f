/** The holder's two clocks. `monotonicMs` counts from any start; `wallMs` is Unix time. */
export interface Clocks {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export interface Lease {
  readonly askedAt: Clocks;
  readonly endsAt: Clocks;
}

/** A lease is renewed this often while it lasts, so that one renewal may be lost, and a signature has to fit between two. */
export const RENEWALS_PER_LEASE = 3;

/**
 * A lease runs from before it was asked for. Rotation begins to wait for its end after it was granted, so the holder's
 * end comes first, however long the answer was under way.
 */
export const leaseFrom = (askedAt: Clocks, leaseMs: number): Lease => ({
  askedAt,
  endsAt: { monotonicMs: askedAt.monotonicMs + leaseMs, wallMs: askedAt.wallMs + leaseMs },
});

/**
 * By how much the two clocks may differ about how long it was since the lease was asked for. Both are slewed together;
 * what moves them apart is a machine that slept and a clock that was set, and then neither can be believed alone: a
 * clock set back during a sleep makes both too slow.
 */
const CLOCKS_AGREE_WITHIN_MS = 100;

/**
 * Whether the lease still stands `durationMs` from now, by both clocks. The monotonic one sleeps while some machines do,
 * the wall clock jumps: where they disagree about the time since the lease was asked for, it counts as ended. Anything
 * that is no number ends it too: every comparison has to hold.
 */
export function leaseOutlives(lease: Lease, now: Clocks, durationMs: number): boolean {
  const monotonicMs = now.monotonicMs - lease.askedAt.monotonicMs;
  const wallMs = now.wallMs - lease.askedAt.wallMs;
  return (
    durationMs >= 0 &&
    monotonicMs >= 0 &&
    wallMs >= 0 &&
    Math.abs(wallMs - monotonicMs) <= CLOCKS_AGREE_WITHIN_MS &&
    now.monotonicMs + durationMs < lease.endsAt.monotonicMs &&
    now.wallMs + durationMs < lease.endsAt.wallMs
  );
}

/**
 * How long to wait by one monotonic clock until more than `durationMs` has passed by every other: each may be slewed by
 * 500 ppm. Exactly `durationMs` is one instant too short.
 */
export const outlasting = (durationMs: number): number => durationMs + Math.ceil(durationMs / 1_000) + 1;
