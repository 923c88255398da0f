interface Event {
  atMs: number;
  happen: () => void;
}

/** What happens in a world of tests, in order of true time, in milliseconds: a binary heap. */
export class EventQueue {
  private readonly events: Event[] = [];
  private reachedMs = 0;

  get nowMs(): number {
    return this.reachedMs;
  }

  after(ms: number, happen: () => void): void {
    const event = { atMs: this.nowMs + ms, happen };
    let at = this.events.push(event) - 1;
    for (let above = (at - 1) >> 1; at > 0 && this.atMs(above) > event.atMs; above = (at - 1) >> 1) {
      this.swap(at, above);
      at = above;
    }
  }

  run(untilMs: number): void {
    for (let next = this.take(); next !== undefined && next.atMs <= untilMs; next = this.take()) {
      this.reachedMs = next.atMs;
      next.happen();
    }
  }

  private take(): Event | undefined {
    this.swap(0, this.events.length - 1);
    const first = this.events.pop();
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const least = this.atMs(left) <= this.atMs(right) ? left : right;
      if (this.atMs(least) >= this.atMs(at)) return first;
      this.swap(at, least);
      at = least;
    }
  }

  private atMs(index: number): number {
    return this.events[index]?.atMs ?? Infinity;
  }

  private swap(one: number, other: number): void {
    const [first, second] = [this.events[one], this.events[other]];
    if (first === undefined || second === undefined) return;
    this.events[one] = second;
    this.events[other] = first;
  }
}
