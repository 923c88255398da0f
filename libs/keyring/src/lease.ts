/** The holder's two clocks. `monotonicMs` counts from any start; `wallMs` is Unix time. */
export interface Clocks {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export interface Lease {
  readonly askedAt: Clocks;
  readonly endsAt: Clocks;
}

/**
 * A lease runs from before it was asked for. Rotation begins to wait for its end after it was granted, so the holder's
 * end comes first, however long the answer was under way.
 */
export function leaseFrom(asked: { askedMonotonicMs: number; askedWallMs: number; leaseMs: number }): Lease {
  const { askedMonotonicMs, askedWallMs, leaseMs } = asked;
  return {
    askedAt: { monotonicMs: askedMonotonicMs, wallMs: askedWallMs },
    endsAt: { monotonicMs: askedMonotonicMs + leaseMs, wallMs: askedWallMs + leaseMs },
  };
}

/**
 * Whether the lease still stands `durationMs` from now, by both clocks: the monotonic one sleeps while some machines do,
 * the wall clock jumps. A clock behind the time of asking was set back, so it can no longer tell how long a sleep was,
 * and the lease counts as ended. Anything that is no number ends it too: every comparison has to hold.
 */
export function leaseOutlives(lease: Lease, now: Clocks, durationMs: number): boolean {
  return (
    durationMs >= 0 &&
    now.monotonicMs >= lease.askedAt.monotonicMs &&
    now.wallMs >= lease.askedAt.wallMs &&
    now.monotonicMs + durationMs < lease.endsAt.monotonicMs &&
    now.wallMs + durationMs < lease.endsAt.wallMs
  );
}

/**
 * How long to wait by one monotonic clock until more than `durationMs` has passed by every other: each may be slewed by
 * 500 ppm. Exactly `durationMs` is one instant too short.
 */
export const outlasting = (durationMs: number): number => durationMs + Math.ceil(durationMs / 1_000) + 1;
