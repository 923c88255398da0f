/** What has come before: nonces of calls, ids of webhooks. Processes that share a store know each other's. */
export interface SeenStore {
  /** Notes it until then; whether it was not there. Of two that ask at once, one is told so. */
  add(key: string, until: Date): boolean | Promise<boolean>;
  /** Of a webhook whose handler failed: what is sent again is no duplicate then. */
  delete(key: string): unknown;
}

/** Of this process alone. When it is full it forgets what it has known for longest: what is good is not refused for that. */
export class SeenMemory implements SeenStore {
  private readonly untilMs = new Map<string, number>();

  constructor(private readonly most: number) {}

  add(key: string, until: Date): boolean {
    const nowMs = Date.now();
    if ((this.untilMs.get(key) ?? -Infinity) >= nowMs) return false;
    this.makeRoom(nowMs);
    this.untilMs.delete(key);
    this.untilMs.set(key, until.getTime());
    return true;
  }

  delete(key: string): void {
    this.untilMs.delete(key);
  }

  /** From the oldest on: about as they came they end, so that it looks at few that have not. */
  private makeRoom(nowMs: number): void {
    for (const [key, untilMs] of this.untilMs) {
      if (untilMs >= nowMs && this.untilMs.size < this.most) return;
      this.untilMs.delete(key);
    }
  }
}
