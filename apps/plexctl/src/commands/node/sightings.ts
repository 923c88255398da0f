/** What a Node sees, as `node listen` shows it: a line each, or a document. */
import type { Handler, NodeObserver, Logger } from '@plexsphere/node-sdk';
import { escapedJson, printable } from '../../printable';
import { render, type Output } from '../../render';
import type { Terminal } from '../../terminal';

type Sighting = { what: string } & Record<string, unknown>;
type Show = (sighting: Sighting) => Promise<void>;

/** One after the other, whatever form takes how long. `gone` is called where nobody reads any more. */
export function showTo(terminal: Terminal, output: Output, gone: () => void): Show {
  let shown: Promise<void> = Promise.resolve();
  const show = async (document: Sighting): Promise<void> => {
    terminal.result(await textOf(document, output));
    if (terminal.isRead) return;
    gone();
    // Of an event: then it is not acknowledged.
    throw new Error('nobody reads what is shown');
  };
  return (sighting) => {
    const next = shown.then(() => show({ at: new Date().toISOString(), ...sighting }));
    shown = next.catch(() => undefined);
    return next;
  };
}

async function textOf(document: Sighting, output: Output): Promise<string> {
  if (output === 'json') return escapedJson(JSON.stringify(document));
  if (output === 'yaml') return `---\n${await render({ text: '', document }, output)}`;
  const { at, what, ...members } = document;
  return printable(`${String(at)}  ${what.padEnd(WIDEST)}  ${Object.entries(members).map(inWords).join(', ')}`);
}

const WIDEST = 'turned_away'.length;

const inWords = ([name, value]: [string, unknown]): string =>
  `${name.replaceAll('_', ' ')} ${typeof value === 'object' && value !== null ? listed(value) : String(value)}`;

const listed = (value: object): string =>
  (Array.isArray(value) ? value.map(String) : Object.entries(value).map(([name, count]) => `${name}: ${count}`)).join(
    ' ',
  ) || 'none';

/** For the Node's client: its handler, and all that it tells. */
export function toldBy(show: Show, terminal: Terminal): NodeObserver & { handler: Handler; logger: Logger } {
  // Whoever reads no more is noticed with the next event.
  const say = (sighting: Sighting): void => void show(sighting).catch(() => undefined);
  return {
    handler: ({ position, eventType, eventId, keyId, epoch, issuedAt, payload }) =>
      show({
        ...{ what: 'event', position, event_type: eventType, event_id: eventId },
        ...{ key_id: keyId, epoch, issued_at: issuedAt, payload },
      }),
    onTrusts: ({ epoch, keyIds, platformEpoch, platformKeyIds }) =>
      say({
        ...{ what: 'trusts', epoch, key_ids: keyIds },
        ...{ platform_epoch: platformEpoch, platform_key_ids: platformKeyIds },
      }),
    onRefused: ({ reason, eventType, eventId, keyId }) =>
      say({
        ...{ what: 'refused', reason },
        ...(eventType !== undefined && { event_type: eventType }),
        ...(eventId !== undefined && { event_id: eventId }),
        ...(keyId !== undefined && { key_id: keyId }),
      }),
    onResync: ({ position, issuedAt }) => say({ what: 'resync', position, issued_at: issuedAt }),
    onTurnedAway: ({ reason, since, attempts }) =>
      say({ what: 'turned_away', reason, since: since.toISOString(), attempts }),
    logger: { info: () => undefined, warn: note(terminal), error: note(terminal) },
  };
}

/** What is shown already is not said again. */
const note =
  (terminal: Terminal) =>
  (fields: object, message: string): void => {
    const { reason, error } = fields as { reason?: unknown; error?: unknown };
    const isShown = message === 'message refused' || 'attempts' in fields || 'failures' in fields;
    if (!isShown)
      terminal.note(`${message}${reason === undefined && error === undefined ? '' : `: ${reason ?? error}`}`);
  };
