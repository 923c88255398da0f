/** How long after its issued_at an envelope is accepted, and how far ahead of the clock it may be, in milliseconds. */
export const STALENESS_MS = 5 * 60_000;

/** Old nonces are looked for this often and not at each envelope, so that remembering one stays cheap. */
const SWEEP_MS = 60_000;

/**
 * The nonces of accepted envelopes, kept until their envelope would be stale anyway. One per process: an envelope
 * replayed after a restart is caught by position and epoch, not here.
 */
export class NonceMemory {
  private readonly issuedAtMs = new Map<string, number>();
  private sweptAtMs = 0;

  seen(nonce: string): boolean {
    return this.issuedAtMs.has(nonce);
  }

  remember(nonce: string, issuedAt: Date, now: Date): void {
    this.issuedAtMs.set(nonce, issuedAt.getTime());
    // A clock that was set back must not put the next sweep off until it has caught up.
    if (Math.abs(now.getTime() - this.sweptAtMs) >= SWEEP_MS) this.forgetStale(now.getTime());
  }

  private forgetStale(nowMs: number): void {
    this.sweptAtMs = nowMs;
    for (const [nonce, issuedAtMs] of this.issuedAtMs) {
      if (nowMs - issuedAtMs > STALENESS_MS) this.issuedAtMs.delete(nonce);
    }
  }
}
