import { headers } from '@plexsphere/wire';
import type { Msg, NatsConnection, NatsError, Status, Subscription } from 'nats';

/**
 * One request, repeated until it is answered or the time is over. The request carries its own id, so a service that
 * gets it twice answers the same twice: that is what lets a restart of the service or of the bus pass unnoticed.
 */
interface Question {
  subject: string;
  inbox: string;
  text: string;
  /** Then a refusal counts once no other copy is at work: what one was refused, because a service was slow, the next may do. */
  changesSomething: boolean;
}

export type Answer =
  | { kind: 'reply'; message: Msg }
  /** Nobody ever took it, so nothing has been done. */
  | { kind: 'nobody' }
  /** Somebody may have taken it, and did not answer; with what another copy was refused for, if one was. */
  | { kind: 'unknown'; refusal?: Msg | undefined }
  /** The bus refused, or shut us out for good. */
  | { kind: 'lost'; error: Error };

export interface Patience {
  /** The bring-up of rotation refuses a lease so long that its slowest answer would not fit. */
  overallMs: number;
  /**
   * A service that was killed, or froze, takes its request along, and only silence tells: the pauses before each
   * repetition, the last one for all that follow. Quick at first, because the next copy meets another replica; then
   * slower, because each copy waits in a service for the answer to the first.
   */
  repeatMs: readonly number[];
  /** The bus says at once that nobody listens; a service that restarts is back in seconds. */
  nobodyMs: number;
  /** In the last stretch nothing is asked any more: it would come too late, and make a known outcome an unknown one. */
  quietMs: number;
}

export const PATIENCE: Patience = {
  overallMs: 30_000,
  repeatMs: [1_000, 1_000, 1_000, 1_000, 5_000],
  nobodyMs: 250,
  quietMs: 1_000,
};

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

/** Every repetition has the same inbox: the answer to any of them is the answer, but for the refusal of a change. */
class Asking {
  private readonly line: Line;
  private replies: Subscription | undefined;
  private repeat: NodeJS.Timeout | undefined;
  private overall: NodeJS.Timeout | undefined;
  private noted = false;
  private done = false;
  private readonly lastWordAt: number;
  /** Requests that went out, that the bus did not report as taken by nobody, and that were not refused. */
  private open = 0;
  private refusal: Msg | undefined;
  private sent = 0;

  constructor(
    private readonly connection: NatsConnection,
    private readonly question: Question,
    private readonly patience: Patience,
    private readonly note: (text: string) => void,
    private readonly resolve: (answer: Answer) => void,
  ) {
    this.line = lineOf(connection);
    this.lastWordAt = performance.now() + patience.overallMs - patience.quietMs;
  }

  begin(): void {
    if (this.connection.isClosed()) return this.closed(this.line.closedBy ?? new Error('connection closed'));
    this.overall = setTimeout(() => this.end(this.inVain()), this.patience.overallMs);
    this.replies = this.connection.subscribe(this.question.inbox, {
      callback: (error, message) => this.heard(error, message),
    });
    this.line.open.add(this);
    this.send();
  }

  private send(): void {
    clearTimeout(this.repeat);
    if (this.done || this.refusal !== undefined || !this.line.connected) return;
    if (performance.now() > this.lastWordAt) return;
    this.connection.publish(this.question.subject, new TextEncoder().encode(this.question.text), {
      reply: this.question.inbox,
    });
    this.open += 1;
    const { repeatMs } = this.patience;
    this.repeat = setTimeout(() => this.send(), repeatMs[Math.min(this.sent, repeatMs.length - 1)]);
    this.sent += 1;
  }

  private heard(error: NatsError | null, message: Msg): void {
    if (error !== null) return this.end({ kind: 'lost', error });
    if (message.headers?.code === NO_RESPONDERS) return this.heardByNobody();
    const isRefusal = message.headers?.has(headers.errorCode) === true;
    if (isRefusal && this.question.changesSomething) this.refused(message);
    else this.end({ kind: 'reply', message });
  }

  private heardByNobody(): void {
    this.open -= 1;
    if (this.refusal !== undefined) return this.endWhenAllAre(this.refusal);
    this.noteOnce('no rotation service answers');
    clearTimeout(this.repeat);
    this.repeat = setTimeout(() => this.send(), this.patience.nobodyMs);
  }

  /** The last one is told: it knows of what has passed by then. */
  private refused(message: Msg): void {
    this.open -= 1;
    this.refusal = message;
    clearTimeout(this.repeat);
    this.endWhenAllAre(message);
  }

  private endWhenAllAre(refusal: Msg): void {
    if (this.open <= 0) this.end({ kind: 'reply', message: refusal });
  }

  private inVain(): Answer {
    return this.open > 0 ? { kind: 'unknown', refusal: this.refusal } : { kind: 'nobody' };
  }

  /** The connection comes and goes, or the bus refuses something. */
  changed({ type, data, permissionContext }: Status): void {
    if (type === 'disconnect') {
      this.noteOnce('the bus has gone');
    } else if (type === 'reconnect') {
      this.send();
    } else if (type === 'error' && permissionContext !== undefined) {
      this.end({ kind: 'lost', error: Object.assign(new Error('refused by the bus'), { code: String(data) }) });
    }
  }

  /** For good: the client has given up, which it does where the credential is refused. */
  closed(error: Error): void {
    this.end({ kind: 'lost', error });
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
    this.line.open.delete(this);
    // A watch asks for hours over one connection; one that is closed has no subscriptions left.
    if (!this.connection.isClosed()) this.replies?.unsubscribe();
    this.resolve(answer);
  }
}

/** What is known of one connection, heard once for all questions that are asked over it. */
interface Line {
  open: Set<Asking>;
  connected: boolean;
  closedBy?: Error;
}

const lines = new WeakMap<NatsConnection, Line>();

function lineOf(connection: NatsConnection): Line {
  const known = lines.get(connection);
  if (known !== undefined) return known;
  const line: Line = { open: new Set(), connected: true };
  lines.set(connection, line);
  void listen(connection, line);
  void connection.closed().then((error) => {
    line.closedBy = error ?? new Error('connection closed');
    for (const asking of line.open) asking.closed(line.closedBy);
  });
  return line;
}

async function listen(connection: NatsConnection, line: Line): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === 'disconnect') line.connected = false;
    if (status.type === 'reconnect') line.connected = true;
    for (const asking of line.open) asking.changed(status);
  }
}
