/** What a Node sees, as `node listen` shows it: a line each, or a document. */
import type { Show, Sighting } from '@plexsphere/edge';
import type { Logger } from '@plexsphere/node-sdk';
import { escapedJson, printable } from '../../printable';
import { render, type Output } from '../../render';
import type { Terminal } from '../../terminal';

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

/** What is shown already is not said again. */
export const notes = (terminal: Terminal): Logger => ({
  info: () => undefined,
  warn: note(terminal),
  error: note(terminal),
});

const note =
  (terminal: Terminal) =>
  (fields: object, message: string): void => {
    const { reason, error } = fields as { reason?: unknown; error?: unknown };
    const isShown = message === 'message refused' || 'attempts' in fields || 'failures' in fields;
    if (!isShown)
      terminal.note(`${message}${reason === undefined && error === undefined ? '' : `: ${reason ?? error}`}`);
  };
