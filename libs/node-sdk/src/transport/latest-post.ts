/** Sends the newest of what was put, one at a time: what is cumulative is as well said once as ten times. */
import { backOffMs, pause } from '../back-off';

export interface LatestPostOptions<Body> {
  /** False: it is to be sent again, unless there is something newer by then. */
  send(body: Body): Promise<boolean>;
  signal: AbortSignal;
}

const FIRST_PAUSE_MS = 1_000;

export class LatestPost<Body> {
  private newest: Body | undefined;
  private sending: Promise<void> | undefined;

  constructor(private readonly options: LatestPostOptions<Body>) {}

  put(body: Body): void {
    this.newest = body;
    this.sending ??= this.run().finally(() => (this.sending = undefined));
  }

  /** All that was put is sent. */
  async idle(): Promise<void> {
    await this.sending;
  }

  private async run(): Promise<void> {
    const { send, signal } = this.options;
    for (let failures = 0; this.newest !== undefined && !signal.aborted;) {
      const body = this.newest;
      this.newest = undefined;
      if (await send(body)) failures = 0;
      else {
        this.newest ??= body;
        await pause(backOffMs((failures += 1), FIRST_PAUSE_MS), signal);
      }
    }
  }
}
