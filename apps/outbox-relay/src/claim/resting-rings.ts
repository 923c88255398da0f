import type { Scope } from '@plexsphere/wire';

/** In milliseconds. Nobody waits for it who has nothing to hear of those rings. */
const REST_MS = 2_000;

/** Which rings nobody signs for, of late: asking again at once would be answered the same. */
export class RestingRings {
  private readonly until = new Map<Scope, number>();

  rest(scope: Scope, nowMs = performance.now()): void {
    this.until.delete(scope);
    this.until.set(scope, nowMs + REST_MS);
  }

  now(nowMs = performance.now()): Scope[] {
    for (const [scope, until] of this.until) {
      if (nowMs < until) break;
      this.until.delete(scope);
    }
    return [...this.until.keys()];
  }
}
