import { Injectable } from '@nestjs/common';
import { KeyRingEntity } from '@plexsphere/store';
import { problem } from '@plexsphere/wire';
import {
  DEFAULT_ROWS,
  type EventSummary,
  type ListEvents,
  type ListEventsReply,
  type MissingNode,
  type ShowEvent,
  type ShowEventReply,
} from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { readCursor, writeCursor } from '../pages/cursor';
import { MICROS } from '../pages/position';
import type { Scopes } from '../rings/list-rings';
import { readSnapshot } from '../transactions/database-clock';
import { findEvent, listEvents, type EventRow } from './list-events';
import { MISSING_PHASES, listMissing, type MissingPlace, type MissingRow } from './list-missing';
import { listMissingKeys } from './list-missing-keys';

/** So far Nodes that do not have an event are counted: beyond it nobody needs the number, and it would cost all of them. */
const COUNTED = { inList: 1_000, alone: 10_000 };

const EVENT_ID = /^[0-9a-f-]{36}(?:\/[0-9a-f-]{36})?$/;
/** Of a message; of a key event, whose messages have none, the Node's. */
const ID = /^(?:\d{1,18}|[0-9a-f-]{36})$/;

/** Events that the outbox still has, and who does not have them: until they are settled, and a while longer. */
@Injectable()
export class EventReader {
  constructor(private readonly database: DataSource) {}

  /** @throws Problem unknownScope; invariantViolation for a foreign `after` */
  list({ scope, limit, after: cursor }: ListEvents, scopes: Scopes): Promise<ListEventsReply> {
    const listing = ['events.list', scope];
    const rowsShown = limit ?? DEFAULT_ROWS;
    return readSnapshot(this.database, async (manager) => {
      if (typeof scope === 'string' && !(await manager.existsBy(KeyRingEntity, { scope }))) {
        throw problem('unknownScope', { field: 'scope' });
      }
      const [micros = '', id = ''] = typeof cursor === 'string' ? readCursor(listing, cursor, [MICROS, EVENT_ID]) : [];
      const after = micros === '' ? undefined : { micros, id };
      const page = { after, limit: rowsShown + 1, countTo: COUNTED.inList };
      const rows = await listEvents(manager, scopes, page);
      const shown = rows.slice(0, rowsShown);
      const last = rows.length > shown.length ? shown.at(-1) : undefined;
      return {
        events: shown.map((row) => summary(row, COUNTED.inList)),
        counted_to: COUNTED.inList,
        ...(last === undefined ? {} : { next: writeCursor(listing, [last.micros, last.eventId]) }),
      };
    });
  }

  /** @throws Problem unknownEvent, alike for one that is not there and for one of a scope that is not theirs */
  show({ event_id: eventId, limit, after: cursor }: ShowEvent, scopes: Scopes): Promise<ShowEventReply> {
    const listing = ['events.show', eventId];
    return readSnapshot(this.database, async (manager) => {
      const event = await findEvent(manager, scopes, eventId, COUNTED.alone);
      if (event === undefined) throw problem('unknownEvent', { field: 'event_id' });
      const after = typeof cursor === 'string' ? placeOf(readCursor(listing, cursor, [PHASE, ID])) : undefined;
      const list = event.epoch === null ? listMissing : listMissingKeys;
      const { rows, next } = await list(manager, eventId, scopes, { after, limit: limit ?? DEFAULT_ROWS });
      return {
        ...summary(event, COUNTED.alone),
        counted_to: COUNTED.alone,
        missing: rows.map(missing),
        ...(next === undefined ? {} : { next: writeCursor(listing, [next.phase, next.id]) }),
      };
    });
  }
}

const PHASE = new RegExp(`^(?:${MISSING_PHASES.join('|')})$`);

const placeOf = ([phase, id = '']: string[]): MissingPlace => ({ phase: phase === 'expired' ? phase : 'waiting', id });

function summary({ eventId, eventType, createdAt, ...row }: EventRow, countedTo: number): EventSummary {
  const { scope, epoch, nodes, applied, waiting, superseded, expired } = row;
  const isWhole = [waiting, superseded, expired].every((count) => count < countedTo);
  return {
    event_id: eventId,
    scope,
    event_type: eventType,
    epoch,
    created_at: createdAt.toISOString(),
    nodes,
    applied: applied ?? (isWhole ? nodes - waiting - superseded - expired : null),
    waiting,
    superseded,
    expired,
  };
}

const missing = ({ nodeId, scope, name, state, since, lastSeenAt }: MissingRow): MissingNode => ({
  node_id: nodeId,
  scope,
  name,
  state,
  since: since.toISOString(),
  last_seen_at: lastSeenAt?.toISOString() ?? null,
});
