import type { Msg, NatsConnection, NatsError } from 'nats';

/**
 * One request, repeated until it is answered or the time is over. The request carries its own id, so a service that
 * gets it twice answers the same twice: that is what lets a restart of the service or of the bus pass unnoticed.
 */
export interface Question {
  subject: string;
  inbox: string;
  text: string;
}

export type Answer =
  | { kind: 'reply'; message: Msg }
  /** Nobody ever took it, so nothing has been done. */
  | { kind: 'nobody' }
  /** Somebody may have taken it, and did not answer. */
  | { kind: 'unknown' }
  /** The bus refused, or shut us out for good. */
  | { kind: 'lost'; error: Error };

export interface Patience {
  /** The bring-up of rotation refuses a lease so long that its slowest answer would not fit (DESIGN, section 4). */
  overallMs: number;
  /** A service that was killed takes its request along, and only silence tells. */
  repeatMs: number;
  /** The bus says at once that nobody listens; a service that restarts is back in seconds. */
  nobodyMs: number;
  /** In the last stretch nothing is asked any more: it would come too late, and make a known outcome an unknown one. */
  quietMs: number;
}

export const PATIENCE: Patience = { overallMs: 30_000, repeatMs: 5_000, nobodyMs: 250, quietMs: 1_000 };

const NO_RESPONDERS = 503;

export function ask(
  connection: NatsConnection,
  question: Question,
  patience: Patience,
  note: (text: string) => void,
): Promise<Answer> {
  return new Promise((resolve) => {
    const asking = new Asking(connection, question, patience, note, resolve);
    asking.begin();
  });
}

/** Every repetition has the same inbox: the answer to any of them is the answer. */
class Asking {
  private repeat: NodeJS.Timeout | undefined;
  private overall: NodeJS.Timeout | undefined;
  private connected = true;
  private noted = false;
  private done = false;
  private readonly lastWordAt: number;
  /** Requests that went out and that the bus did not report as taken by nobody. */
  private open = 0;

  constructor(
    private readonly connection: NatsConnection,
    private readonly question: Question,
    private readonly patience: Patience,
    private readonly note: (text: string) => void,
    private readonly resolve: (answer: Answer) => void,
  ) {
    this.lastWordAt = performance.now() + patience.overallMs - patience.quietMs;
  }

  begin(): void {
    this.overall = setTimeout(() => this.end({ kind: this.open > 0 ? 'unknown' : 'nobody' }), this.patience.overallMs);
    this.connection.subscribe(this.question.inbox, { callback: (error, message) => this.heard(error, message) });
    void this.watch();
    void this.connection.closed().then((error) => this.closed(error));
    this.send();
  }

  private send(): void {
    clearTimeout(this.repeat);
    if (this.done || !this.connected || performance.now() > this.lastWordAt) return;
    this.connection.publish(this.question.subject, new TextEncoder().encode(this.question.text), {
      reply: this.question.inbox,
    });
    this.open += 1;
    this.repeat = setTimeout(() => this.send(), this.patience.repeatMs);
  }

  private heard(error: NatsError | null, message: Msg): void {
    if (error !== null) return this.end({ kind: 'lost', error });
    if (message.headers?.code !== NO_RESPONDERS) return this.end({ kind: 'reply', message });
    this.open -= 1;
    this.noteOnce('no rotation service answers');
    clearTimeout(this.repeat);
    this.repeat = setTimeout(() => this.send(), this.patience.nobodyMs);
  }

  private async watch(): Promise<void> {
    for await (const { type, data, permissionContext } of this.connection.status()) {
      if (this.done) return;
      if (type === 'disconnect') {
        this.connected = false;
        this.noteOnce('the bus has gone');
      } else if (type === 'reconnect') {
        this.connected = true;
        this.send();
      } else if (type === 'error' && permissionContext !== undefined) {
        this.end({ kind: 'lost', error: Object.assign(new Error('refused by the bus'), { code: String(data) }) });
      }
    }
  }

  /** For good: the client has given up, which it does where the credential is refused. */
  private closed(error: void | Error): void {
    this.end({ kind: 'lost', error: error ?? new Error('connection closed') });
  }

  private noteOnce(text: string): void {
    if (!this.noted && !this.done) this.note(text);
    this.noted = true;
  }

  private end(answer: Answer): void {
    if (this.done) return;
    this.done = true;
    clearTimeout(this.repeat);
    clearTimeout(this.overall);
    this.resolve(answer);
  }
}
