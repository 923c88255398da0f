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

/** Tokens as clients make them: no wildcard, no blank, nothing below the server's own subjects. */
const TOKENS = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;
const MAX_REPLY_LENGTH = 256;

/**
 * Why a message must not reach its handler; undefined where it may. The reply subject of what is no request is not looked
 * at: it is never answered.
 */
export function inadmissible(
  message: { subject: string; reply: string; bytes: number; headerBytes?: number },
  traffic: Traffic | undefined = trafficOn(message.subject),
): Inadmissible | undefined {
  if (traffic === undefined) return 'unknown subject';
  if (traffic.answered && message.reply === '') return 'no reply subject';
  if (traffic.answered && !isInboxOfAsker(traffic, message.subject, message.reply)) return 'foreign reply subject';
  const { headerBytes: mostInHeaders = Infinity, limitBytes } = traffic;
  return message.bytes > limitBytes || (message.headerBytes ?? 0) > mostInHeaders ? 'too large' : undefined;
}

function isInboxOfAsker(traffic: Traffic, subject: string, reply: string): boolean {
  if (reply.length > MAX_REPLY_LENGTH) return false;
  const id = ownId(traffic, subject);
  return traffic.speakers.some((kind) => {
    const inbox = `${inboxOf(kind, id)}.`;
    return reply.startsWith(inbox) && TOKENS.test(reply.slice(inbox.length));
  });
}

/** Whose place in a row's queue a message takes: the operator, the Node, the holder, or a service's inbox and a scope. */
export function askerOf(traffic: Traffic, subject: string, reply: string): string {
  const tokens = subject.split('.');
  const named = traffic.askers.map((index) => tokens[index] ?? '');
  const isService = traffic.answered && !traffic.subject.includes(OWN);
  return [...(isService ? [reply.split('.')[1] ?? ''] : []), ...named].join(' ');
}

/** The operator or Node whom the subject names; the server vouches for it. */
function ownId(traffic: Traffic, subject: string): string | undefined {
  const index = traffic.subject.split('.').indexOf(OWN);
  return index < 0 ? undefined : subject.split('.')[index];
}
