/**
 * Saves the newest state and acknowledges what was saved, never more. While one write is on its way others may be put:
 * they become one write, so that a disk that syncs slowly does not set the pace of the stream.
 */
import { backOffMs, pause } from '../back-off';
import type { TrustState } from '../trust/trust-state';

export interface WriteBehindOptions {
  save(state: TrustState): Promise<void>;
  acknowledge(state: TrustState): void;
  onFailure(error: unknown): void;
  signal: AbortSignal;
}

const FIRST_PAUSE_MS = 250;

export class WriteBehind {
  private newest: TrustState;
  private wanted = false;
  private active = false;
  private ended = false;
  private idle: Promise<void> = Promise.resolve();

  constructor(
    private saved: TrustState,
    private readonly options: WriteBehindOptions,
  ) {
    this.newest = saved;
  }

  put(state: TrustState): void {
    this.newest = state;
    this.acknowledge();
  }

  /** Once what was put is saved, at once where it is. */
  acknowledge(): void {
    this.wanted = true;
    if (this.active || this.ended) return;
    this.active = true;
    this.idle = this.run();
  }

  /** What was put is saved and acknowledged, or given up where the disk refuses; nothing is written any more. */
  async end(): Promise<void> {
    while (this.active) await this.idle;
    this.ended = true;
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (this.wanted) {
      this.wanted = false;
      if (await this.saveNewest()) {
        failures = 0;
        this.options.acknowledge(this.saved);
      } else if (!this.options.signal.aborted) {
        failures += 1;
        this.wanted = true;
        await pause(backOffMs(failures, FIRST_PAUSE_MS), this.options.signal);
      }
    }
    this.active = false;
  }

  private async saveNewest(): Promise<boolean> {
    const state = this.newest;
    if (state === this.saved) return true;
    try {
      await this.options.save(state);
      this.saved = state;
      return true;
    } catch (error) {
      this.options.onFailure(error);
      return false;
    }
  }
}
