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

interface RefusedLine {
  kind: 'refused';
  reason: string;
  event_id?: string;
  key_id?: string;
}

interface TrustsLine {
  kind: 'trusts';
  epoch: number;
  key_ids: string[];
}

/** An event whose effect was here already when the process died: seen by its id, and not applied twice. */
interface HandedAgain {
  kind: 'handed_again';
  event_id: string;
  position: number;
}

type Entry = Applied | RefusedLine | TrustsLine | HandedAgain;
/** `at` is RFC 3339. */
export type JournalLine = Entry & { at: string };

export class NodeJournal {
  /**
   * Ids that the last process left here beyond what its SDK had saved. A handler runs at least once; these make its
   * effect happen once, without hiding an event that the SDK itself would hand over twice.
   */
  private readonly unsaved: Set<string>;

  /** `savedPosition`: up to where the SDK knows that this Node has applied. */
  constructor(
    private readonly path: string,
    savedPosition: number,
  ) {
    const text = textOf(path);
    // A kill may have cut the last line short: what follows must not become part of it.
    if (text !== '' && !text.endsWith('\n')) appendFileSync(path, '\n');
    const beyond = parseJournal(text).filter((line) => line.kind === 'applied' && line.position > savedPosition);
    this.unsaved = new Set(beyond.map((line) => (line.kind === 'applied' ? line.event_id : '')));
  }

  applied({ event_id, event_type, position, key_id, epoch }: NodeEvent): void {
    if (this.unsaved.delete(event_id)) return this.append({ kind: 'handed_again', event_id, position });
    this.append({ kind: 'applied', event_id, event_type, position, key_id, epoch });
  }

  refused({ reason, event_id, key_id }: Refused): void {
    const names = { ...(event_id !== undefined && { event_id }), ...(key_id !== undefined && { key_id }) };
    this.append({ kind: 'refused', reason, ...names });
  }

  trusts({ epoch, key_ids }: Trusts): void {
    this.append({ kind: 'trusts', epoch, key_ids });
  }

  private append(entry: Entry): void {
    const line: JournalLine = { at: new Date().toISOString(), ...entry };
    appendFileSync(this.path, `${JSON.stringify(line)}\n`);
  }
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
