import { headers as wireHeaders, problem, type ProblemBody } from '@plexsphere/wire';
import { headers as natsHeaders, type Msg } from 'nats';

export type Reply = { body: unknown } | { problem: ProblemBody };

export const isProblemBody = (error: unknown): error is ProblemBody =>
  typeof error === 'object' && error !== null && 'code' in error && 'detail' in error;

/** An answer that is more than the bus carries becomes a problem, instead of leaving the caller to its time-out. */
export function respond(message: Msg, reply: Reply, limitBytes = Number.POSITIVE_INFINITY): void {
  // As bytes: the library would make them of the text in several times as long, and their number says whether they fit.
  const bytes = 'body' in reply ? Buffer.from(JSON.stringify(reply.body)) : undefined;
  if (bytes !== undefined && bytes.length <= limitBytes) {
    message.respond(bytes);
    return;
  }
  const refused = 'problem' in reply ? reply.problem : problem('replyTooLarge', { limit_bytes: limitBytes }).body;
  const errorHeaders = natsHeaders();
  errorHeaders.set(wireHeaders.errorCode, refused.code);
  errorHeaders.set(wireHeaders.error, refused.detail);
  message.respond(JSON.stringify(refused), { headers: errorHeaders });
}
