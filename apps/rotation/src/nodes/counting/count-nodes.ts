import { OFFLINE_AFTER_MS, progressOf, type Counted, type Progress } from '@plexsphere/keyring';
import type { Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import type { Scopes } from '../../rings/list-rings';
import { policyOf } from '../../rings/read-ring';
import { countsOf, earlier } from './counts';
import { ownProgress, platformProgress, readFirstNodes } from './first-nodes';
import type { NamesWanted, Regard } from './names';
import { progressBy, seek, stillLacks, toGather, waitingBy, type NamedLists, type Sought } from './sought';
import { readNames, readStandings, type Scanned, type Standing } from './standings';
import { together } from './together';

interface Counting {
  /** Whose own Nodes are counted. */
  rings: readonly { scope: Scope; trustEpoch: number }[];
  /**
   * The Domains' Nodes in regard of the platform's ring, which is one of their anchors: told and applied by its epochs, names
   * with the scope before them; of a scope that the asker may not see none is named. They block no close.
   */
  domains?: { trustEpoch: number; seen: Scopes } | null;
  now: Date;
  /** In each list. */
  names: number;
}

export interface NodeCounts {
  progressIn: (scope: Scope) => Progress;
  /** Nodes over HTTP whose streams wait for a state; null where none does. */
  waitingIn: (scope: Scope) => (Counted & { since: Date }) | null;
  domains: Progress | null;
  /** Of all that were counted. */
  standings: readonly Standing[];
}

/** A scope's Nodes in regard of one ring. */
interface InRegard {
  scope: Scope;
  regard: Regard;
  trustEpoch: number;
  sought: Sought;
}

/** How far the enrolled Nodes of rings have come. Looks at each once, however many rings there are, and keeps only the names. */
export async function countNodes(manager: EntityManager, counting: Counting): Promise<NodeCounts> {
  const { domains = null, now, names } = counting;
  const trustEpochs = new Map(counting.rings.map(({ scope, trustEpoch }) => [scope, trustEpoch]));
  const all = domains === null ? [...trustEpochs.keys()] : await listScopes(manager);
  const scopes = all.filter(holdsNodes);
  const regards = await regarded(manager, scopes, trustEpochs, counting);
  // Silent for so long to the millisecond, as the domain sees times.
  const offlineBefore = new Date(now.getTime() - OFFLINE_AFTER_MS + 1);
  const gathered = wantedOf(regards, ({ sought }) => toGather(sought));
  const wanted = gathered.length <= MOST_GATHERED ? gathered : [];
  const scan = { scopes: domains === null ? scopes : null, offlineBefore, names };
  const { standings, named } = scopes.length === 0 ? NO_NODES : await readStandings(manager, { ...scan, wanted });
  const byScope = new Map(scopes.map((scope) => [scope, standings.filter((each) => each.scope === scope)]));
  const counted = regards.map((each) => ({
    ...each,
    counts: countsOf(byScope.get(each.scope) ?? [], each.regard, each.trustEpoch),
  }));
  const isNamed = new Set(named.map((each) => keyOf(each.wanted)));
  const lacked = wantedOf(counted, ({ sought, counts }) => stillLacks(sought, counts));
  const late = await readNames(manager, { ...scan, wanted: lacked.filter((each) => !isNamed.has(keyOf(each))) });
  const listsOf = listsBy([...named, ...late]);
  const inRegard = (regard: Regard) =>
    counted.flatMap((each) =>
      each.regard === regard && each.counts.enrolled > 0
        ? [{ ...each, progress: progressBy(each.counts, each.sought, listsOf(each)) }]
        : [],
    );
  const own = new Map(inRegard('own').map((each) => [each.scope, each]));
  return {
    standings,
    progressIn: (scope) => own.get(scope)?.progress ?? NOBODY,
    waitingIn: (scope) => {
      const each = own.get(scope);
      const since = (byScope.get(scope) ?? []).reduce<Date | null>((at, by) => earlier(at, by.waitingSince), null);
      return each === undefined || since === null
        ? null
        : { ...waitingBy(each.counts, each.sought, listsOf(each)), since };
    },
    domains: domains && together(inRegard('anchor'), names),
  };
}

/** Names of more lists than that are looked for when it is known that there are any. */
const MOST_GATHERED = 16;

const NO_NODES: Scanned = { standings: [], named: [] };

const wantedOf = <Each extends InRegard>(
  regards: readonly Each[],
  lists: (each: Each) => Pick<NamesWanted, 'list' | 'heardBefore'>[],
): NamesWanted[] =>
  regards.flatMap((each) => {
    const { scope, regard, trustEpoch } = each;
    // Whose stream waits is said of its scope alone.
    return lists(each).flatMap((list) =>
      regard === 'anchor' && list.list === 'waiting' ? [] : [{ scope, regard, trustEpoch, ...list }],
    );
  });

const keyOf = ({ scope, regard, list }: Pick<NamesWanted, 'scope' | 'regard' | 'list'>): string =>
  `${regard} ${list} ${scope}`;

function listsBy(named: Scanned['named']): (of: Pick<InRegard, 'scope' | 'regard'>) => NamedLists {
  const lists = new Map<string, NamedLists>();
  for (const { wanted, nodes } of named) {
    const key = `${wanted.regard} ${wanted.scope}`;
    lists.set(key, { ...lists.get(key), [wanted.list]: nodes });
  }
  return ({ scope, regard }) => lists.get(`${regard} ${scope}`) ?? {};
}

/** One ring's alone. */
export const countRing = async (
  manager: EntityManager,
  ring: { scope: Scope; trustEpoch: number },
  counting: Pick<Counting, 'now' | 'names'>,
): Promise<Progress> => (await countNodes(manager, { ...counting, rings: [ring] })).progressIn(ring.scope);

export const NOBODY = progressOf([], 0, new Date(0));

const holdsNodes = (scope: Scope): boolean => policyOf(scope).tells.ownNodes !== null;
const isThePlatform = (scope: Scope): boolean => policyOf(scope).tells.otherNodes !== null;

async function listScopes(manager: EntityManager): Promise<Scope[]> {
  const rings = await manager.query<{ scope: Scope }[]>(
    'SELECT scope FROM ring.key_ring WHERE removed_at IS NULL ORDER BY scope',
  );
  return rings.map(({ scope }) => scope);
}

async function regarded(
  manager: EntityManager,
  scopes: readonly Scope[],
  trustEpochs: ReadonlyMap<Scope, number>,
  { domains = null, now, names }: Counting,
): Promise<InRegard[]> {
  const isSeen = (scope: Scope): boolean => domains !== null && (domains.seen?.includes(scope) ?? true);
  const shown = scopes.filter((scope) => names > 0 && (trustEpochs.has(scope) || isSeen(scope)));
  const firstOf = await readFirstNodes(manager, shown, names);
  return scopes.flatMap((scope): InRegard[] => {
    const [first, trustEpoch] = [firstOf(scope), trustEpochs.get(scope)];
    const inRegard = (regard: Regard, epoch: number, known: Progress, shows: number): InRegard[] => [
      { scope, regard, trustEpoch: epoch, sought: seek(first, known, shows) },
    ];
    return [
      ...(trustEpoch === undefined ? [] : inRegard('own', trustEpoch, ownProgress(first, trustEpoch, now), names)),
      ...(domains === null || isThePlatform(scope)
        ? []
        : inRegard(
            'anchor',
            domains.trustEpoch,
            platformProgress(first, domains.trustEpoch, now),
            isSeen(scope) ? names : 0,
          )),
    ];
  });
}
