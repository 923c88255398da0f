/** What reaches a handler: looked at before a byte of the body is read. */
import { inboxOf } from './inbox';
import { OWN, trafficOn, type Traffic } from './traffic';

export type Inadmissible =
  /** No row says that anybody may speak there. */
  | 'unknown subject'
  /** Nobody could be answered; so nobody learns what became of it. */
  | 'no reply subject'
  /** Whoever asks picks the reply subject, and the answerer's own rights would carry the answer there. */
  | 'foreign reply subject'
  | 'too large';

/** What is looked at of a message beside its subject. */
export interface Arriving {
  reply: string;
  bytes: number;
  headerBytes?: number;
}

/** Tokens as clients make them: no wildcard, no blank, nothing below the server's own subjects. */
const TOKENS = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
const MAX_REPLY_LENGTH = 256;

/** What a row says of one subject: the same for every message there, so that it is worked out once. */
export class Admission {
  /** Where those who may ask hear their answers, each with whose place a message from there takes. */
  private readonly inboxes: readonly { inbox: string; asker: string }[];
  private readonly namedAskers: string;
  private readonly isAskedByServices: boolean;

  constructor(
    readonly traffic: Traffic,
    subject: string,
  ) {
    const tokens = subject.split('.');
    const own = traffic.subject.split('.').indexOf(OWN);
    // The operator or Node whom the subject names; the server vouches for it.
    const id = own < 0 ? undefined : tokens[own];
    this.namedAskers = traffic.askers.map((index) => tokens[index] ?? '').join(' ');
    this.isAskedByServices = traffic.answered && own < 0;
    this.inboxes = traffic.speakers.map((kind) => {
      const inbox = `${inboxOf(kind, id)}.`;
      return { inbox, asker: this.askerAt(inbox) };
    });
  }

  /**
   * Why a message must not reach its handler; undefined where it may. The reply subject of what is no request is not looked
   * at: it is never answered.
   */
  refuses({ reply, bytes, headerBytes = 0 }: Arriving): Inadmissible | undefined {
    const { answered, limitBytes, headerBytes: mostInHeaders = Infinity } = this.traffic;
    if (answered && reply === '') return 'no reply subject';
    if (answered && !this.isInboxOfAsker(reply)) return 'foreign reply subject';
    return bytes > limitBytes || headerBytes > mostInHeaders ? 'too large' : undefined;
  }

  /** Whose place in the row's queue a message takes: the operator, the Node, the holder, or a service's inbox and a scope. */
  asker(reply: string): string {
    if (!this.isAskedByServices) return this.namedAskers;
    // Named once and not anew for each message: a text that is put together has to be gone through wherever it is looked up.
    return this.inboxes.find(({ inbox }) => reply.startsWith(inbox))?.asker ?? this.askerAt(reply);
  }

  /** Of what services ask alone. */
  private askerAt(reply: string): string {
    const service = reply.split('.', 2)[1] ?? '';
    return this.namedAskers === '' ? service : `${service} ${this.namedAskers}`;
  }

  private isInboxOfAsker(reply: string): boolean {
    if (reply.length > MAX_REPLY_LENGTH) return false;
    return this.inboxes.some(({ inbox }) => reply.startsWith(inbox) && TOKENS.test(reply.slice(inbox.length)));
  }
}

/** undefined where no row says that anybody may speak there. */
export function admissionOn(subject: string, table?: readonly Traffic[]): Admission | undefined {
  const traffic = trafficOn(subject, table);
  return traffic === undefined ? undefined : new Admission(traffic, subject);
}
