import { Injectable } from '@nestjs/common';
import { KeyRingEntity, type OperatorEntity } from '@plexsphere/store';
import { parseRfc3339, problem, suffices, type Scope } from '@plexsphere/wire';
import { DEFAULT_ROWS, type AuditEntry, type ListAudit, type ListAuditReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { readCursor, writeCursor } from '../pages/cursor';
import { MICROS, type Position } from '../pages/position';
import type { Scopes } from '../rings/list-rings';
import { readSnapshot } from '../transactions/database-clock';
import { actorsNamed, listAudit, type AuditPage, type AuditRow } from './list-audit';

/** Entries in one reply end here, however few those are: far below the bus' limit of 1 MB. */
const MOST_CHARACTERS = 400_000;

const ID = /^\d{1,18}$/;

/** The audit log in pages: to each who may see a scope that scope's, and what concerns all to admins of every scope. */
@Injectable()
export class AuditReader {
  constructor(private readonly database: DataSource) {}

  /** @throws Problem unknownScope; invariantViolation where `until` is not after `since`, or for a foreign `after` */
  async list(request: ListAudit, scopes: Scopes, { role, scopes: own }: OperatorEntity): Promise<ListAuditReply> {
    const { limit, after, ...asked } = request;
    const [since, until] = [timeOf(asked.since), timeOf(asked.until)];
    if (since !== undefined && until !== undefined && until <= since) {
      throw problem('invariantViolation', { field: 'until' });
    }
    const listing = ['audit.list', asked.scope, asked.actor, asked.action, asked.since, asked.until];
    return readSnapshot(this.database, async (manager) => {
      await requireKnown(manager, asked.scope);
      const page = await listAudit(manager, {
        ...{ scopes, since, until, action: asked.action ?? undefined, limit: limit ?? DEFAULT_ROWS },
        actors: typeof asked.actor === 'string' ? await actorsNamed(manager, asked.actor) : undefined,
        withInstallation: own === null && suffices(role, 'admin'),
        after: typeof after === 'string' ? positionOf(readCursor(listing, after, [MICROS, ID])) : undefined,
      });
      const { rows, next } = fitted(page);
      return {
        entries: rows.map(entry),
        ...(next === undefined ? {} : { next: writeCursor(listing, [next.micros, next.id]) }),
      };
    });
  }
}

/** Of a scope whose ring is removed the log is what is left. */
async function requireKnown(manager: EntityManager, scope: Scope | null | undefined): Promise<void> {
  if (typeof scope !== 'string') return;
  const isKnown = await manager.exists(KeyRingEntity, { where: { scope }, withDeleted: true });
  if (!isKnown) throw problem('unknownScope', { field: 'scope' });
}

const timeOf = (text: string | null | undefined): Date | undefined => {
  const time = typeof text === 'string' ? parseRfc3339(text) : undefined;
  return time === undefined ? undefined : new Date(time.ms);
};

const positionOf = ([micros = '', id = '']: string[]): Position => ({ micros, id });

/** As many of the page's rows as fit a reply, one at least; the rest begins the next page. */
function fitted({ rows, next }: AuditPage): AuditPage {
  let characters = 0;
  const beyond = rows.findIndex((row) => (characters += JSON.stringify(row).length) > MOST_CHARACTERS);
  if (beyond < 0) return { rows, next };
  const shown = rows.slice(0, Math.max(1, beyond));
  return { rows: shown, next: shown.length === rows.length ? next : shown.at(-1) };
}

const entry = ({ micros, actor, action, scope, requestId, before, after, detail }: AuditRow): AuditEntry => ({
  happened_at: new Date(Number(micros) / 1_000).toISOString(),
  actor,
  action,
  scope,
  request_id: requestId,
  forced: detail?.forced === true,
  before,
  after,
  detail,
});
