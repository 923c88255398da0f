import type { EntityManager } from 'typeorm';
import type { RequestIdentity } from './requests';
import { auditText } from './audit-text';

interface AuditedChange {
  /** null where it concerns the whole installation, as tokens do: shown to admins of every scope alone. */
  scope: string | null;
  before?: object;
  after?: object;
  /** `forced: true` where an admin insisted against what refuses it otherwise. */
  detail?: object;
}

/** The audit row stands in the transaction of what it tells: neither is there without the other. */
export const writeAudit = (
  manager: EntityManager,
  request: RequestIdentity,
  { scope, before, after, detail }: AuditedChange,
): Promise<unknown> =>
  manager.query(
    `INSERT INTO ring.audit (actor, action, scope, request_id, before, after, detail)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      ...[request.actor, request.command, scope, request.requestId],
      ...[before, after, detail].map((part) => (part === undefined ? null : auditText(part))),
    ],
  );

/** What comes to be many times over in one change, a row each, in this order. */
export const writeAudits = (
  manager: EntityManager,
  request: RequestIdentity,
  scope: string,
  afters: readonly object[],
): Promise<unknown> =>
  manager.query(
    `INSERT INTO ring.audit (actor, action, scope, request_id, after)
     SELECT $1, $2, $3, $4::uuid, after FROM unnest($5::jsonb[]) WITH ORDINALITY AS made (after, place) ORDER BY place`,
    [request.actor, request.command, scope, request.requestId, afters.map(auditText)],
  );
