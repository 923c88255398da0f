/** The application's side of an event: called until it is done with it, and nothing later is handed over before. */
import { backOffMs, pause } from '../back-off';
import type { Handler, Logger, NodeEvent } from '../node-observer';

const FIRST_RETRY_MS = 250;

export interface ApplicationOptions {
  handler: Handler;
  logger: Logger;
  /** No failed event is tried again once it is aborted. */
  signal: AbortSignal;
  onFailure(): void;
}

export class Application {
  private handling = false;

  constructor(private readonly options: ApplicationOptions) {}

  /** Whether an event is with it. */
  get busy(): boolean {
    return this.handling;
  }

  /** False when the session was stopped before the application was done with the event. */
  async hand(event: NodeEvent): Promise<boolean> {
    const { signal } = this.options;
    this.handling = true;
    try {
      for (let failures = 1; !signal.aborted; failures += 1) {
        if (await this.handled(event, failures)) return true;
        await pause(backOffMs(failures, FIRST_RETRY_MS), signal);
      }
      return false;
    } finally {
      this.handling = false;
    }
  }

  private async handled(event: NodeEvent, failures: number): Promise<boolean> {
    try {
      await this.options.handler(event);
      return true;
    } catch (error) {
      this.options.onFailure();
      const { eventId, eventType, position } = event;
      const fields = { eventId, eventType, position, failures, error: String(error) };
      this.options.logger.error(fields, 'handler failed and is called again');
      return false;
    }
  }
}
