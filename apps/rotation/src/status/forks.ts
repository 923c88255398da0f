import type { ForkedDomains, ForkedNodes } from '@plexsphere/wire/commands';
import { PLATFORM } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import type { Scopes } from '../rings/list-rings';
import { policyOf } from '../rings/read-ring';

/** Nodes of a scope that follow a chain which is not ours: of their own ring, or of the platform's. */
export interface Forks {
  scope: string;
  isOwn: boolean;
  count: number;
  /** The first of them. */
  names: string[];
}

/** From an index of those alone that show one. A Node of `platform` has one ring. */
const READ = `
  SELECT scope, is_own AS "isOwn", count(*)::int AS count, (array_agg(name ORDER BY name))[1:$1] AS names
    FROM (
      SELECT node.scope, node.name, fork.is_own
        FROM outbox.node_stream AS stream
        JOIN ring.node AS node ON node.id = stream.node_id AND node.state = 'enrolled'
       CROSS JOIN LATERAL (VALUES (true, stream.forked_at), (false, stream.platform_forked_at)) AS fork (is_own, since)
       WHERE (stream.forked_at IS NOT NULL OR stream.platform_forked_at IS NOT NULL)
         AND fork.since IS NOT NULL AND (fork.is_own OR node.scope <> '${PLATFORM}')
    ) AS shown
   GROUP BY scope, is_own ORDER BY scope`;

/** Of all scopes: such Nodes are few, or an emergency. */
export const readForks = (manager: EntityManager, namesShown: number): Promise<Forks[]> =>
  manager.query(READ, [namesShown]);

/** A scope's own Nodes; undefined where none shows a fork. */
export function forksOf(scope: string, forks: readonly Forks[]): ForkedNodes | undefined {
  const own = forks.find((each) => each.isOwn && each.scope === scope);
  return own && { count: own.count, names: own.names };
}

/** Of the platform's ring by the Domains' Nodes: of a scope that the asker may not see none is named. */
export function domainForks(forks: readonly Forks[], seen: Scopes, namesShown: number): ForkedNodes | undefined {
  const those = forks.filter(({ isOwn }) => !isOwn);
  if (those.length === 0) return undefined;
  const names = those
    .filter(isSeenBy(seen))
    .flatMap(({ scope, names: each }) => each.map((name) => `${scope}/${name}`));
  return { count: those.reduce((sum, { count }) => sum + count, 0), names: names.slice(0, namesShown) };
}

/** Each needs a revoke of its own: a platform key that was stolen speaks for every Domain. */
export function forkedDomains(forks: readonly Forks[], seen: Scopes, namesShown: number): ForkedDomains | undefined {
  const those = forks.filter(({ isOwn, scope }) => isOwn && policyOf(scope).tells.otherNodes === null);
  if (those.length === 0) return undefined;
  const scopes = those.filter(isSeenBy(seen)).map(({ scope }) => scope);
  return { count: those.length, scopes: scopes.slice(0, namesShown) };
}

const isSeenBy =
  (seen: Scopes) =>
  ({ scope }: Forks): boolean =>
    seen === null || seen.includes(scope);
