import { Injectable } from '@nestjs/common';

/** How often what happened since it was last asked: one line now and then instead of one a message. */
@Injectable()
export class Counters {
  private counts: Record<string, number> = {};

  add(name: string, times = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + times;
  }

  /** Undefined where nothing happened. */
  take(): Record<string, number> | undefined {
    const { counts } = this;
    this.counts = {};
    return Object.keys(counts).length === 0 ? undefined : counts;
  }
}
