import { problem, type Command } from '@plexsphere/wire';
import { RequestEntity } from '@plexsphere/store';
import type { EntityManager } from 'typeorm';

/** Whose request it is; a retry repeats all three. */
export interface RequestIdentity {
  requestId: string;
  command: Command;
  actor: string;
}

/**
 * The answer that this request id got before, or undefined. Read inside the transaction that would do the work, under
 * its lock, so that of two copies of one request exactly one does it.
 * @throws Problem requestIdReused where the id belongs to another command or another operator
 */
export async function answerOf<Reply>(manager: EntityManager, request: RequestIdentity): Promise<Reply | undefined> {
  const answered = await manager.findOneBy(RequestEntity, { requestId: request.requestId });
  if (answered === null) return undefined;
  if (answered.command !== request.command || answered.actor !== request.actor) {
    throw problem('requestIdReused', { field: 'request_id' });
  }
  return answered.reply as Reply;
}

/** Keeps the answer, in the transaction that did the work. */
export const keepAnswer = (manager: EntityManager, request: RequestIdentity, reply: object): Promise<unknown> =>
  manager.query(`INSERT INTO ring.request (request_id, command, actor, reply) VALUES ($1, $2, $3, $4)`, [
    request.requestId,
    request.command,
    request.actor,
    JSON.stringify(reply),
  ]);
