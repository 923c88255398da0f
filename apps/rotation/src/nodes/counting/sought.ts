import type { Counted, Progress, Silence } from '@plexsphere/keyring';
import type { RegardCounts } from './counts';
import { namesOfWaiting, type FirstNodes } from './first-nodes';
import { LISTS, type List, type NamedNode, type NamesWanted } from './names';

/** What a scope's first Nodes say in one regard. */
export interface Sought {
  known: Progress;
  waiting: readonly string[];
  /** Whether the scope has no others. */
  areAll: boolean;
  /** In each list. */
  names: number;
}

export type NamedLists = Partial<Record<NamesWanted['list'], readonly NamedNode[]>>;

export const seek = (first: FirstNodes, known: Progress, names: number): Sought => ({
  ...{ known, waiting: namesOfWaiting(first), areAll: first.areAll, names },
});

type Lacked = Pick<NamesWanted, 'list' | 'heardBefore'>;

const listed = (list: List): Lacked => ({ list, heardBefore: null });

/**
 * Of which lists the scan gathers who is in them: those that have somebody among the first Nodes, and not enough. In any
 * other there is most likely nobody; but in a large mesh somebody is always off, and to look for them apart is a scan more.
 */
export function toGather(sought: Sought): Lacked[] {
  const { known, areAll, names } = sought;
  if (areAll || names === 0) return [];
  const lists = LISTS.filter((list) => {
    const count = knownIn(sought, list);
    return (count > 0 || list === 'offline') && count < names;
  });
  return [
    ...lists.map(listed),
    // Somebody who is not among the first Nodes may have been silent for longer than the quietest of those.
    ...(known.quietest === null
      ? []
      : [{ list: 'quietest' as const, heardBefore: known.quietest.since.toISOString() }]),
  ];
}

/** Of which lists somebody is still to be named, now that all are counted. */
export function stillLacks(sought: Sought, counts: RegardCounts): Lacked[] {
  const { known, areAll, names } = sought;
  if (areAll || names === 0) return [];
  const lists = LISTS.filter((list) => knownIn(sought, list) < Math.min(names, counts[list]));
  const isKnown = counts.heard === null || (known.quietest !== null && known.quietest.since <= counts.heard);
  return [
    ...lists.map(listed),
    ...(isKnown ? [] : [{ list: 'quietest' as const, heardBefore: justAfter(counts.heard) }]),
  ];
}

const justAfter = (heard: Date | null): string | null => heard && new Date(heard.getTime() + 1).toISOString();

const knownIn = ({ known, waiting }: Sought, list: List): number =>
  list === 'waiting' ? waiting.length : known[list].count;

export function progressBy(counts: RegardCounts, sought: Sought, named: NamedLists): Progress {
  const { enrolled, sent, applied } = counts;
  const { known, names } = sought;
  const listOf = (list: 'lagging' | 'pending'): Counted =>
    listBy(counts[list], named[list]?.map(({ name }) => name) ?? known[list].first, names);
  const [quietest] = named.quietest ?? [];
  return {
    ...{ enrolled, sent, applied },
    lagging: listOf('lagging'),
    pending: listOf('pending'),
    offline: listBy(counts.offline, named.offline?.map(silence) ?? known.offline.first, names),
    quietest: names === 0 ? null : quietest ? silence(quietest) : known.quietest,
  };
}

export const waitingBy = ({ waiting }: RegardCounts, sought: Sought, named: NamedLists): Counted =>
  listBy(waiting, named.waiting?.map(({ name }) => name) ?? sought.waiting, sought.names);

/** Who has gone on since the first Nodes were looked at is not named beyond the count. */
const listBy = <Item>(count: number, items: readonly Item[], names: number): Counted<Item> => ({
  count,
  first: items.slice(0, Math.min(names, count)),
});

/** Only who was heard is offline, or the quietest. */
const silence = ({ name, since }: NamedNode): Silence => ({ name, since: new Date(since ?? Number.NaN) });
