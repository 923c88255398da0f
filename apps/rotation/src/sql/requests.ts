import { problem, type Command } from '@plexsphere/wire';
import { RequestEntity } from '@plexsphere/store';
import type { EntityManager } from 'typeorm';

/** Whose request it is, and what it says; a retry repeats all of it. */
export interface RequestIdentity {
  requestId: string;
  command: Command;
  actor: string;
  /** SHA-256 of the body. */
  bodyHash: string;
}

/** Callers give up after half a minute; the rest is for a person who looks into it. */
const KEPT_FOR = `interval '1 day'`;

/**
 * The answer that this request id got before, or undefined. Read inside the transaction that would do the work, under
 * its lock, so that of two copies of one request exactly one does it.
 * @throws Problem requestIdReused where the id belongs to another command, operator or body
 */
export async function answerOf<Reply>(manager: EntityManager, request: RequestIdentity): Promise<Reply | undefined> {
  const answered = await manager.findOneBy(RequestEntity, { requestId: request.requestId });
  if (answered === null) return undefined;
  const { command, actor, bodyHash } = answered;
  if (command !== request.command || actor !== request.actor || bodyHash !== request.bodyHash) {
    throw problem('requestIdReused', { field: 'request_id' });
  }
  return answered.reply as Reply;
}

/** Keeps the answer, in the transaction that did the work. */
export const keepAnswer = (manager: EntityManager, request: RequestIdentity, reply: object): Promise<unknown> =>
  manager.query(`INSERT INTO ring.request (request_id, command, actor, body_hash, reply) VALUES ($1, $2, $3, $4, $5)`, [
    request.requestId,
    request.command,
    request.actor,
    request.bodyHash,
    JSON.stringify(reply),
  ]);

export const forgetOldAnswers = (manager: EntityManager): Promise<unknown> =>
  manager.query(`DELETE FROM ring.request WHERE answered_at < clock_timestamp() - ${KEPT_FOR}`);

/**
 * Does the work of a request at most once, though copies of it may be under way at the same time (a caller that hears
 * nothing sends it again): a copy that is refused because another one has done the work gets that one's answer.
 */
export async function onceFor<Reply>(
  manager: EntityManager,
  request: RequestIdentity,
  work: () => Promise<Reply>,
): Promise<Reply> {
  const before = await answerOf<Reply>(manager, request);
  if (before !== undefined) return before;
  try {
    return await work();
  } catch (error) {
    const meanwhile = await answerOf<Reply>(manager, request);
    if (meanwhile !== undefined) return meanwhile;
    throw error;
  }
}
