/** Listings that services answer in pages. */
import type { Page, Paged } from '@plexsphere/wire/commands';
import type { Terminal } from './terminal';

/** More than a screen, and few enough that nobody waits. */
const USUAL = 50;
const MOST = 10_000;
/** What one request may ask for. */
const MOST_AT_ONCE = 200;

const CURSOR = /^[A-Za-z0-9_-]{8}\.[0-9a-z./-]{1,120}$/;

/** The flags of a listing that may be long. */
export const PAGE_FLAGS = {
  limit: {
    value: 'count',
    summary: `at most so many (default: ${USUAL})`,
    accepts: (text: string): boolean => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= MOST,
    expected: `a number from 1 to ${MOST}`,
  },
  after: {
    value: 'cursor',
    summary: 'go on where an earlier listing ended: its `next`',
    accepts: (text: string): boolean => CURSOR.test(text),
    expected: 'what an earlier listing, asked for the same, gave as next',
  },
} as const;

/** What `--limit` and `--after` ask for, gathered page by page; the last of them with all that stands beside its rows. */
export async function gathered<Row, Reply extends Paged>(
  { limit, after }: { limit: string | undefined; after: string | undefined },
  ask: (page: Required<Pick<Page, 'limit'>> & Pick<Page, 'after'>) => Promise<Reply>,
  rowsOf: (reply: Reply) => readonly Row[],
): Promise<{ rows: Row[]; last: Reply }> {
  const wanted = limit === undefined ? USUAL : Number(limit);
  const rows: Row[] = [];
  let next = after;
  for (;;) {
    const atOnce = Math.min(wanted - rows.length, MOST_AT_ONCE);
    const last = await ask({ limit: atOnce, ...(next === undefined ? {} : { after: next }) });
    rows.push(...rowsOf(last));
    next = last.next;
    if (next === undefined || rows.length >= wanted) return { rows, last };
  }
}

export function noteMore({ next }: Paged, terminal: Terminal): void {
  if (next !== undefined) terminal.note(`there are more: the same again with --after ${next}`);
}
