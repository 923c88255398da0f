/** What one Node did, a JSON line each, appended to disk before the Node goes on: whoever judges counts from here. */
import { appendFileSync, readFileSync } from 'node:fs';
import type { NodeEvent, Refused, Trusts } from '@plexsphere/node-sdk';

interface Applied {
  kind: 'applied';
  event_id: string;
  event_type: string;
  position: number;
  /** The key under which it verified. */
  key_id: string;
  epoch: number;
}

/** By a Node over HTTP that has no memory of events: it may take one again, and can say neither position nor key id. */
interface Taken {
  kind: 'taken';
  event_id: string;
  event_type: string;
}

interface RefusedLine {
  kind: 'refused';
  reason: string;
  event_id?: string;
  key_id?: string;
}

interface TrustsLine {
  kind: 'trusts';
  /** Not of a Node over HTTP, which knows of none. */
  epoch?: number;
  key_ids: string[];
}

/** An event whose effect was here already when the process died: seen by its id, and not applied twice. */
interface HandedAgain {
  kind: 'handed_again';
  event_id: string;
  position: number;
}

type Entry = Applied | Taken | RefusedLine | TrustsLine | HandedAgain;
/** `at` is RFC 3339. */
export type JournalLine = Entry & { at: string };

export class NodeJournal {
  /**
   * Ids that the last process left here beyond what its SDK had saved. A handler runs at least once; these make its
   * effect happen once, without hiding an event that the SDK itself would hand over twice.
   */
  private unsaved: Set<string> | undefined;
  private readonly before: JournalLine[];

  /** `savedPosition`: up to where the SDK knows, once it runs, that this Node has applied. */
  constructor(
    private readonly path: string,
    private readonly savedPosition: () => number,
  ) {
    const text = textOf(path);
    // A kill may have cut the last line short: what follows must not become part of it.
    if (text !== '' && !text.endsWith('\n')) appendFileSync(path, '\n');
    this.before = parseJournal(text);
  }

  applied({ eventId: event_id, eventType: event_type, position, keyId: key_id, epoch }: NodeEvent): void {
    this.unsaved ??= this.appliedBeyond(this.savedPosition());
    if (this.unsaved.delete(event_id)) return this.append({ kind: 'handed_again', event_id, position });
    this.append({ kind: 'applied', event_id, event_type, position, key_id, epoch });
  }

  refused({ reason, eventId: event_id, keyId: key_id }: Refused): void {
    const names = { ...(event_id !== undefined && { event_id }), ...(key_id !== undefined && { key_id }) };
    this.append({ kind: 'refused', reason, ...names });
  }

  trusts({ epoch, keyIds: key_ids }: Trusts): void {
    this.append({ kind: 'trusts', epoch, key_ids });
  }

  private appliedBeyond(position: number): Set<string> {
    const idBeyond = (line: JournalLine) =>
      line.kind === 'applied' && line.position > position ? [line.event_id] : [];
    return new Set(this.before.flatMap(idBeyond));
  }

  private append(entry: Entry): void {
    appendLine(this.path, entry);
  }
}

export function appendLine(path: string, entry: Entry): void {
  const line: JournalLine = { at: new Date().toISOString(), ...entry };
  appendFileSync(path, `${JSON.stringify(line)}\n`);
}

/** Lines that a kill cut short are left out. */
export function parseJournal(text: string): JournalLine[] {
  const lines: JournalLine[] = [];
  for (const line of text.split('\n')) {
    try {
      if (line !== '') lines.push(JSON.parse(line) as JournalLine);
    } catch {
      // Its event was not finished: the SDK had no word of it, and hands it over again.
    }
  }
  return lines;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
