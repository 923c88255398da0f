import type { IncomingMessage } from 'node:http';
import { problem } from '@plexsphere/wire';

const LAST_EVENT_ID = /^\d{1,18}$/;

/** RFC 7240, section 4.3. */
const WAIT = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,4})"?\s*(?=$|[,;])/i;

/** No proxy waits for long for the end of an answer. */
const SECONDS = { least: 1, most: 25 };

/**
 * How long an answer is kept for a Node that gets nothing of it before its end, because something on the way gathers it;
 * undefined where the Node says nothing of the kind.
 */
export function keptForMs(prefer: string | string[] | undefined): number | undefined {
  const seconds = WAIT.exec(String(prefer ?? ''))?.[1];
  return seconds === undefined ? undefined : 1_000 * Math.min(SECONDS.most, Math.max(SECONDS.least, Number(seconds)));
}

/** @throws Problem for what is no id; null: none was sent */
export function lastEventId({ headers }: IncomingMessage): number | null {
  const id = headers['last-event-id'];
  if (id === undefined) return null;
  if (typeof id !== 'string' || !LAST_EVENT_ID.test(id))
    throw problem('invariantViolation', { field: 'Last-Event-ID' });
  return Number(id);
}
