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
  /** Goes on where it has come to: begun anew for each, it would pass again by all that is gone. */
  private oldest = this.untilMs.entries();
  /** The one that it has come to. */
  private next: readonly [key: string, untilMs: number] | undefined;

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
    for (this.next ??= this.take(); this.next !== undefined; this.next = this.take()) {
      const [key, untilMs] = this.next;
      // It may be gone, or have come anew since.
      if (this.untilMs.get(key) !== untilMs) continue;
      if (untilMs >= nowMs && this.untilMs.size < this.most) return;
      this.untilMs.delete(key);
    }
  }

  private take(): readonly [string, number] | undefined {
    const taken = this.oldest.next();
    if (taken.done !== true) return taken.value;
    // An iterator that was at its end once stays there. All that it went by is gone.
    this.oldest = this.untilMs.entries();
    return undefined;
  }
}
