import type { EntityManager } from 'typeorm';
import type { RequestIdentity } from './requests';

/** The audit row stands in the transaction of what it tells: neither is there without the other. */
export const writeAudit = (
  manager: EntityManager,
  request: RequestIdentity,
  entry: { scope: string; before?: object; after?: object; detail?: object },
): Promise<unknown> =>
  manager.query(
    `INSERT INTO ring.audit (actor, action, scope, request_id, before, after, detail)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      request.actor,
      request.command,
      entry.scope,
      request.requestId,
      ...[entry.before, entry.after, entry.detail].map((part) => (part === undefined ? null : JSON.stringify(part))),
    ],
  );
