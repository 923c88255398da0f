import type { Progress } from '@plexsphere/keyring';
import type { NodesStatus, ScopeStatus } from '@plexsphere/wire/commands';
import type { NodeCounts } from '../nodes/counting/count-nodes';
import { secondsBetween } from '../transactions/database-clock';

/** Names in a list; the counts beside them are whole. */
export const NAMES_SHOWN = 50;

export const nodesStatus = (progress: Progress, now: Date): NodesStatus => ({
  enrolled: progress.enrolled,
  sent: progress.sent,
  applied: progress.applied,
  lagging_count: progress.lagging.count,
  lagging: [...progress.lagging.first],
  pending_count: progress.pending.count,
  pending: [...progress.pending.first],
  offline_count: progress.offline.count,
  offline: progress.offline.first.map(({ name, since }) => ({ name, since: since.toISOString() })),
  quietest: progress.quietest && {
    name: progress.quietest.name,
    seconds: secondsBetween(progress.quietest.since, now),
  },
});

/** Those whose streams wait for a state. */
export const waitingStatus = (waiting: ReturnType<NodeCounts['waitingIn']>): Pick<ScopeStatus, 'waiting'> =>
  waiting === null
    ? {}
    : { waiting: { count: waiting.count, names: [...waiting.first], since: waiting.since.toISOString() } };
