import { OFFLINE_AFTER_MS, progressOf, type Counted, type Progress } from '@plexsphere/keyring';
import type { Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import type { Scopes } from '../../rings/list-rings';
import { policyOf } from '../../rings/read-ring';
import { countStatement, termsOf, type CountedRow, type CountedScope } from './count-statement';
import { ownProgress, platformProgress, readFirstNodes } from './first-nodes';
import { progressBy, seek, waitingBy, type Sought } from './sought';
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
}

/** A scope that is counted, in the regards that are asked for. */
interface CountedIn {
  scope: Scope;
  own: Sought | undefined;
  platform: Sought | undefined;
}

/** How far the enrolled Nodes of rings have come. Looks at each once, however many rings there are, and keeps only the names. */
export async function countNodes(manager: EntityManager, counting: Counting): Promise<NodeCounts> {
  const { domains = null } = counting;
  const trustEpochs = new Map(counting.rings.map(({ scope, trustEpoch }) => [scope, trustEpoch]));
  const all = domains === null ? [...trustEpochs.keys()] : await listScopes(manager);
  const scopes = await sought(manager, all.filter(holdsNodes), trustEpochs, counting);
  const rows = await readCounts(manager, scopes, trustEpochs, counting);
  const byScope = new Map(scopes.map((each) => [each.scope, { ...each, row: rows.get(each.scope) }]));
  return {
    progressIn: (scope) => {
      const { row, own } = byScope.get(scope) ?? {};
      return row && own ? progressBy(row.own, own) : NOBODY;
    },
    waitingIn: (scope) => {
      const { row, own } = byScope.get(scope) ?? {};
      return row?.waitingSince && own ? { ...waitingBy(row.own, own), since: row.waitingSince } : null;
    },
    domains:
      domains &&
      together(
        [...byScope.values()].flatMap(({ scope, row, platform }) =>
          row && platform ? [{ scope, counts: row.platform, progress: progressBy(row.platform, platform) }] : [],
        ),
        counting.names,
      ),
  };
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

async function sought(
  manager: EntityManager,
  scopes: readonly Scope[],
  trustEpochs: ReadonlyMap<Scope, number>,
  { domains = null, now, names }: Counting,
): Promise<CountedIn[]> {
  const isSeen = (scope: Scope): boolean => domains !== null && (domains.seen?.includes(scope) ?? true);
  const shown = scopes.filter((scope) => names > 0 && (trustEpochs.has(scope) || isSeen(scope)));
  const firstOf = await readFirstNodes(manager, shown, names);
  return scopes.map((scope) => {
    const [first, trustEpoch] = [firstOf(scope), trustEpochs.get(scope)];
    return {
      scope,
      own: trustEpoch === undefined ? undefined : seek(first, ownProgress(first, trustEpoch, now), names),
      platform:
        domains === null || isThePlatform(scope)
          ? undefined
          : seek(first, platformProgress(first, domains.trustEpoch, now), isSeen(scope) ? names : 0),
    };
  });
}

async function readCounts(
  manager: EntityManager,
  scopes: readonly CountedIn[],
  trustEpochs: ReadonlyMap<Scope, number>,
  { domains, now, names }: Counting,
): Promise<ReadonlyMap<Scope, CountedRow>> {
  if (scopes.length === 0) return new Map();
  const terms = scopes.map(({ scope, own, platform }): CountedScope => ({
    ...{ scope, trustEpoch: trustEpochs.get(scope) ?? 0 },
    ...(own && { own: own.wanted }),
    ...(platform && { platform: platform.wanted }),
  }));
  // Silent for so long to the millisecond, as the domain sees times.
  const offlineBefore = new Date(now.getTime() - OFFLINE_AFTER_MS + 1);
  const parameters = [JSON.stringify(terms.map(termsOf)), scopes.map(({ scope }) => scope), offlineBefore, names];
  const rows = domains
    ? await manager.query<CountedRow[]>(countStatement(['own', 'platform']), [...parameters, domains.trustEpoch])
    : await manager.query<CountedRow[]>(countStatement(['own']), parameters);
  return new Map(rows.map((row) => [row.scope, row]));
}
