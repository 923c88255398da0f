/** Sums up what the Nodes of a fleet wrote to disk. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJournal, type JournalLine } from './node-fleet-journal';

/** `folder` is the fleet's --out. A Node that has written nothing yet is not there; neither is one without a journal. */
export async function readJournals(folder: string): Promise<Journals> {
  const nodes = (await orWhenMissing(readdir(folder), [])).sort();
  const journals = await Promise.all(
    nodes.map(async (node) => {
      const text = await orWhenMissing(readFile(join(folder, node, 'journal.jsonl'), 'utf8'), undefined);
      return [node, text] as const;
    }),
  );
  const found = journals.filter((journal): journal is [string, string] => journal[1] !== undefined);
  return new Journals(new Map(found.map(([node, text]) => [node, parseJournal(text)])));
}

export class Journals {
  /** Node → event id → how often it was applied. */
  readonly appliedBy = new Map<string, Map<string, number>>();
  readonly refusedByReason: Record<string, number> = {};
  /** Node → the key ids that it trusts by its last word, the one that signs first. */
  readonly trusted = new Map<string, string[]>();
  /** Node → when that was, in milliseconds since 1970. */
  private readonly trustedSince = new Map<string, number>();

  constructor(journals: ReadonlyMap<string, readonly JournalLine[]>) {
    for (const [node, lines] of journals) {
      this.appliedBy.set(node, new Map());
      for (const line of lines) this.add(node, line);
    }
  }

  get nodes(): string[] {
    return [...this.appliedBy.keys()];
  }

  /** Deliveries: an event that n Nodes applied counts n times. */
  get applied(): number {
    return this.times.reduce((sum, times) => sum + times, 0);
  }

  /** Deliveries beyond the first, of the same event to the same Node. */
  get appliedTwice(): number {
    return this.times.reduce((sum, times) => sum + times - 1, 0);
  }

  get refused(): number {
    return Object.values(this.refusedByReason).reduce((sum, count) => sum + count, 0);
  }

  /** How many of these events are missing, counted at each of so many Nodes. */
  missing(eventIds: readonly string[], nodes: number): number {
    const wanted = new Set(eventIds);
    const seen = [...this.appliedBy.values()].reduce((sum, events) => sum + countIn(events, wanted), 0);
    return wanted.size * nodes - seen;
  }

  /** When the last of so many Nodes came to trust exactly these keys, in ms since 1970; undefined while fewer do. */
  trustingSince(keyIds: readonly string[], nodes: number): number | undefined {
    const times = [...this.trusted].flatMap(([node, held]) =>
      String(held) === String(keyIds) ? [this.trustedSince.get(node)!] : [],
    );
    return times.length < nodes || times.length === 0 ? undefined : Math.max(...times);
  }

  private get times(): number[] {
    return [...this.appliedBy.values()].flatMap((events) => [...events.values()]);
  }

  private add(node: string, line: JournalLine): void {
    if (line.kind === 'applied' || line.kind === 'taken') {
      const events = this.appliedBy.get(node)!;
      events.set(line.event_id, (events.get(line.event_id) ?? 0) + 1);
    } else if (line.kind === 'refused') {
      this.refusedByReason[line.reason] = (this.refusedByReason[line.reason] ?? 0) + 1;
    } else if (line.kind === 'trusts') {
      this.trusted.set(node, line.key_ids);
      this.trustedSince.set(node, Date.parse(line.at));
    }
  }
}

const countIn = (events: ReadonlyMap<string, number>, wanted: ReadonlySet<string>): number =>
  [...events.keys()].filter((eventId) => wanted.has(eventId)).length;

async function orWhenMissing<T, U>(read: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await read;
  } catch (error) {
    // ENOTDIR: a file that somebody put beside the Nodes' folders.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return otherwise;
    throw error;
  }
}
