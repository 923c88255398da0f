import type { Progress } from '@plexsphere/keyring';
import type { NodesStatus, ScopeStatus } from '@plexsphere/wire/commands';
import { waitingSince, type NodeRow } from '../nodes/list-nodes';
import type { Scopes } from '../rings/list-rings';
import { secondsBetween } from '../transactions/database-clock';

/** Names in a list; the counts beside them are whole. */
export const NAMES_SHOWN = 50;

export const nodesStatus = (progress: Progress, now: Date, namesShown = NAMES_SHOWN): NodesStatus => ({
  enrolled: progress.enrolled,
  sent: progress.sent,
  applied: progress.applied,
  lagging_count: progress.lagging.length,
  lagging: progress.lagging.slice(0, namesShown),
  pending_count: progress.pending.length,
  pending: progress.pending.slice(0, namesShown),
  offline_count: progress.offline.length,
  offline: progress.offline.slice(0, namesShown).map(({ name, since }) => ({ name, since: since.toISOString() })),
  quietest:
    progress.quietest === null || namesShown === 0
      ? null
      : { name: progress.quietest.name, seconds: secondsBetween(progress.quietest.since, now) },
});

/** Those whose streams wait for a state. */
export function waitingStatus(nodes: readonly NodeRow[], namesShown: number): Pick<ScopeStatus, 'waiting'> {
  const waiting = nodes.flatMap((node) => {
    const since = waitingSince(node);
    return since === null ? [] : [{ name: node.name, since }];
  });
  if (waiting.length === 0) return {};
  const first = waiting.reduce((one, other) => (other.since < one.since ? other : one));
  const names = waiting.slice(0, namesShown).map(({ name }) => name);
  return { waiting: { count: waiting.length, names, since: first.since.toISOString() } };
}

/**
 * Of the Domains' Nodes, whose names begin with their scope. All are counted: the platform's rotation is theirs too. Of
 * a scope that the asker may not see no Node is named.
 */
export function domainNodesStatus(
  progress: Progress,
  now: Date,
  scopes: Scopes,
  namesShown = NAMES_SHOWN,
): NodesStatus {
  const isSeen = (name: string): boolean => scopes === null || scopes.some((scope) => name.startsWith(`${scope}/`));
  const { quietest } = progress;
  const counted = nodesStatus(progress, now, 0);
  const named = nodesStatus(
    {
      ...progress,
      lagging: progress.lagging.filter(isSeen),
      pending: progress.pending.filter(isSeen),
      offline: progress.offline.filter(({ name }) => isSeen(name)),
      quietest: quietest !== null && isSeen(quietest.name) ? quietest : null,
    },
    now,
    namesShown,
  );
  const { lagging, pending, offline } = named;
  return { ...counted, lagging, pending, offline, quietest: named.quietest };
}
