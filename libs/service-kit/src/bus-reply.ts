import { headers as wireHeaders, problem, type ProblemBody } from '@plexsphere/wire';
import { headers as natsHeaders, type Msg } from 'nats';

export type Reply = { body: unknown } | { problem: ProblemBody };

export const isProblemBody = (error: unknown): error is ProblemBody =>
  typeof error === 'object' && error !== null && 'code' in error && 'detail' in error;

/** An answer that is more than the bus carries becomes a problem, instead of leaving the caller to its time-out. */
export function respond(message: Msg, reply: Reply, limitBytes = Number.POSITIVE_INFINITY): void {
  const text = 'body' in reply ? JSON.stringify(reply.body) : undefined;
  if (text !== undefined && fitsInto(limitBytes, text)) {
    message.respond(text);
    return;
  }
  const refused = 'problem' in reply ? reply.problem : problem('replyTooLarge', { limit_bytes: limitBytes }).body;
  const errorHeaders = natsHeaders();
  errorHeaders.set(wireHeaders.errorCode, refused.code);
  errorHeaders.set(wireHeaders.error, refused.detail);
  message.respond(JSON.stringify(refused), { headers: errorHeaders });
}

/** UTF-8 has at most three bytes for each unit of a text: most need not be counted. */
const fitsInto = (limitBytes: number, text: string): boolean =>
  text.length * 3 <= limitBytes || Buffer.byteLength(text) <= limitBytes;
