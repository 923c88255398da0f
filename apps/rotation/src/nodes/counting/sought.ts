import type { Counted, Progress, Silence } from '@plexsphere/keyring';
import type { NamedNode, RegardCounts, Wanted } from './count-statement';
import { namesOfWaiting, type FirstNodes } from './first-nodes';

/** What a scope's first Nodes say in one regard, and what the scan has to find beyond them. */
export interface Sought {
  known: Progress;
  waiting: readonly string[];
  wanted: Wanted;
  /** In each list. */
  names: number;
}

export function seek(first: FirstNodes, known: Progress, names: number): Sought {
  const waiting = namesOfWaiting(first);
  const lacks = (found: number): boolean => !first.areAll && found < names;
  const { lagging, pending, offline, quietest } = known;
  // One of those that were not looked at may have been silent for longer.
  const before = quietest === null ? 'infinity' : new Date(quietest.since.getTime() + 1).toISOString();
  const wanted = {
    lagging: lacks(lagging.count),
    pending: lacks(pending.count),
    offline: lacks(offline.count),
    waiting: lacks(waiting.length),
    heard_before: first.areAll || names === 0 ? null : before,
  };
  return { known, waiting, wanted, names };
}

export function progressBy(counts: RegardCounts, sought: Sought): Progress {
  const { enrolled, sent, lagging, pending, offline } = counts;
  const { known, wanted, names } = sought;
  const named = (list: 'lagging' | 'pending'): Counted =>
    listBy(counts[list], wanted[list] ? nodeNames(counts[list].first) : known[list].first, names);
  const quietest = wanted.heard_before === null ? known.quietest : counts.quietest && silence(counts.quietest);
  return {
    ...{ enrolled, sent, applied: enrolled - lagging.count - pending.count },
    lagging: named('lagging'),
    pending: named('pending'),
    offline: listBy(offline, wanted.offline ? offline.first.map(silence) : known.offline.first, names),
    quietest: names === 0 ? null : quietest,
  };
}

export const waitingBy = ({ waiting }: RegardCounts, sought: Sought): Counted =>
  listBy(waiting, sought.wanted.waiting ? nodeNames(waiting.first) : sought.waiting, sought.names);

/** Who has gone on since the first Nodes were looked at is not named beyond the count. */
const listBy = <Item>({ count }: { count: number }, items: readonly Item[], names: number): Counted<Item> => ({
  count,
  first: items.slice(0, Math.min(names, count)),
});

const nodeNames = (nodes: readonly NamedNode[]): string[] => nodes.map(({ name }) => name);

/** Only who was heard is offline, or the quietest. */
const silence = ({ name, since }: NamedNode): Silence => ({ name, since: new Date(since ?? Number.NaN) });
