import type { Logger } from './logger';
import { ThrottledLog } from './throttled-log';

export interface LoopOptions {
  /**
   * One turn. What it returns is the pause until the next, in milliseconds, where that is not `everyMs`. The signal is for
   * a turn that takes long: it is aborted when the loop is to stop.
   */
  turn: (stopping: AbortSignal) => Promise<number | void>;
  everyMs: number;
  /** After a turn that failed; `everyMs` where it is not given. */
  afterFailureMs?: number;
  /** What a wake-up waits for others that come with it, so that they cost one turn together. */
  gatherMs?: () => number;
  /** The line of the log that tells of a turn that failed: once, and again while it lasts. */
  failure: string;
  logger: Pick<Logger, 'warn'>;
}

/**
 * One thing that a process does again and again: at each interval, or when it is woken, and never twice at the same time.
 * A turn that fails ends nothing: the next one comes after a whole pause, however often the loop is woken meanwhile.
 */
export class Loop {
  private readonly stopping = new AbortController();
  private ended: Promise<void> = Promise.resolve();
  private isWoken = false;
  private isWakeable = false;
  private endSleep: () => void = () => undefined;

  constructor(private readonly options: LoopOptions) {}

  /** The first turn begins after `afterMs`. */
  start(afterMs = 0): void {
    this.ended = this.run(afterMs);
  }

  /** There may be something to do: a turn begins now, or follows the one that is under way. */
  wake(): void {
    this.isWoken = true;
    if (this.isWakeable) this.endSleep();
  }

  /** No more turns. Resolves when the one that is under way has ended. */
  stop(): Promise<void> {
    this.stopping.abort();
    this.endSleep();
    return this.ended;
  }

  private async run(afterMs: number): Promise<void> {
    const { turn, everyMs, afterFailureMs = everyMs, failure, logger } = this.options;
    const log = new ThrottledLog(logger);
    const { signal } = this.stopping;
    let pauseMs = afterMs;
    let hasFailed = false;
    for (;;) {
      await this.pause(pauseMs, hasFailed);
      if (signal.aborted) return;
      try {
        pauseMs = (await turn(signal)) ?? everyMs;
        hasFailed = false;
      } catch (err) {
        // What the stop itself took away from a turn is no failure.
        if (!signal.aborted) log.warn({ err }, failure, err instanceof Error ? err.message : '');
        pauseMs = afterFailureMs;
        hasFailed = true;
      }
    }
  }

  private async pause(pauseMs: number, toTheEnd: boolean): Promise<void> {
    // What would find more at once is not held up by those who say so.
    if (pauseMs <= 0) return;
    if (toTheEnd || !this.isWoken) await this.sleep(pauseMs, !toTheEnd);
    if (this.isWoken) await this.sleep(this.options.gatherMs?.() ?? 0, false);
    this.isWoken = false;
  }

  private sleep(ms: number, isWakeable: boolean): Promise<void> {
    if (ms <= 0 || this.stopping.signal.aborted) return Promise.resolve();
    this.isWakeable = isWakeable;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.endSleep = () => (clearTimeout(timer), resolve());
    });
  }
}
