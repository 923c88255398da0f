/**
 * Keeps count of how often this Node was not let in. One that was removed, or whose credential was revoked, sees on the bus
 * exactly what one sees whose bus has lost its account for a while: so it is told, and the Node goes on trying.
 */
import type { TurnedAway } from '../node-observer';

/** While it lasts it is told so often: whoever missed the first word sees the next. */
const TOLD_EVERY_MS = 60_000;

export class TurnedAwayWatch {
  private since: Date | undefined;
  private attempts = 0;
  private toldAtMs = 0;

  constructor(
    private readonly now: () => Date,
    private readonly tell: (turnedAway: TurnedAway) => void,
  ) {}

  turnedAway(reason: string): void {
    const now = this.now();
    this.since ??= now;
    this.attempts += 1;
    if (this.attempts > 1 && Math.abs(now.getTime() - this.toldAtMs) < TOLD_EVERY_MS) return;
    this.toldAtMs = now.getTime();
    this.tell({ reason, since: this.since, attempts: this.attempts });
  }

  /** The next refusal is the first again. */
  letIn(): void {
    this.since = undefined;
    this.attempts = 0;
  }
}
