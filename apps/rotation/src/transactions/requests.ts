import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { problem, type Command } from '@plexsphere/wire';
import { RequestEntity } from '@plexsphere/store';
import type { EntityManager } from 'typeorm';

/** Who does what nobody asked for. No operator's id. */
export const ROTATION = 'rotation';
/** What rotation does by itself, as the audit log calls it. */
type OwnAction = 'signing.activate' | 'signing.settle' | 'signing.drop-promotion' | 'edge.contest';

/** What Nodes ask for themselves, over HTTP or by their keys, as the audit log calls it. */
export type NodeAction =
  | 'node.register'
  | 'node.deregister'
  | 'key.post'
  | 'edge.enroll'
  | 'edge.change-key'
  | 'edge.refresh-token'
  | 'edge.logout';

/** Whose request it is, and what it says; a retry repeats all of it. */
export interface RequestIdentity {
  requestId: string;
  command: Command | OwnAction | NodeAction;
  actor: string;
  /** SHA-256 of the body. */
  bodyHash: string;
}

/** What rotation does by itself. Its request ids are random: nobody could take one before. */
export const byItself = (command: RequestIdentity['command']): RequestIdentity => ({
  ...{ requestId: randomUUID(), command, actor: ROTATION, bodyHash: '' },
});

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

/** By the statement's own time: one that may differ from row to row is looked up by no index. */
export const OLD_ANSWERS = `FROM ring.request WHERE answered_at < statement_timestamp() - ${KEPT_FOR}`;

export const forgetOldAnswers = (manager: EntityManager): Promise<unknown> => manager.query(`DELETE ${OLD_ANSWERS}`);

/** Another copy of the same request is in its transaction now. */
class CopyUnderWay extends Error {
  override readonly name = 'CopyUnderWay';
}

/** How long a copy waits for the one that is at work, and how often it looks: plexctl itself gives up after 30 s. */
const COPY_PATIENCE_MS = 25_000;
const LOOK_AGAIN_MS = 100;
/** After this a copy looks whether the one at work is still there. */
const TAKE_OVER_AFTER_MS = 1_000;

/** First in the transaction that does the work: one copy of a request is in it at a time, the others do not queue up. */
export async function claimRequest(manager: EntityManager, request: RequestIdentity): Promise<void> {
  const [claim] = await manager.query<{ mine: boolean }[]>(
    `SELECT pg_try_advisory_xact_lock(hashtextextended($1, 1)) AS mine`,
    [request.requestId],
  );
  if (claim?.mine !== true) throw new CopyUnderWay();
}

/**
 * Answers a request of which copies may be under way at the same time (a caller that hears nothing sends it again). A
 * copy never gets an error that the one at work would not get: it waits for that one's answer, or takes over where that
 * one failed.
 */
export async function withCopies<Reply>(
  manager: EntityManager,
  request: RequestIdentity,
  work: () => Promise<Reply>,
): Promise<Reply> {
  const endsAt = performance.now() + COPY_PATIENCE_MS;
  for (;;) {
    const answered = await answerOf<Reply>(manager, request);
    if (answered !== undefined) return answered;
    try {
      return await work();
    } catch (error) {
      const isCopy = error instanceof CopyUnderWay;
      const meanwhile = await answerWithin<Reply>(manager, request, isCopy ? TAKE_OVER_AFTER_MS : 0);
      if (meanwhile !== undefined) return meanwhile;
      if (!isCopy) throw error;
      if (performance.now() >= endsAt) throw problem('scopeBusy');
    }
  }
}

async function answerWithin<Reply>(
  manager: EntityManager,
  request: RequestIdentity,
  patienceMs: number,
): Promise<Reply | undefined> {
  const endsAt = performance.now() + patienceMs;
  for (;;) {
    const answered = await answerOf<Reply>(manager, request);
    if (answered !== undefined || performance.now() >= endsAt) return answered;
    await delay(LOOK_AGAIN_MS);
  }
}
