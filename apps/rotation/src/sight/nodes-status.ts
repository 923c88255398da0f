import type { Progress } from '@plexsphere/keyring';
import type { NodesStatus } from '@plexsphere/wire/commands';

/** Names in a list; the counts beside them are whole. */
export const NAMES_SHOWN = 50;

export const nodesStatus = (progress: Progress, namesShown = NAMES_SHOWN): NodesStatus => ({
  enrolled: progress.enrolled,
  sent: progress.sent,
  applied: progress.applied,
  lagging_count: progress.lagging.length,
  lagging: progress.lagging.slice(0, namesShown),
  pending_count: progress.pending.length,
  pending: progress.pending.slice(0, namesShown),
  offline_count: progress.offline.length,
  offline: progress.offline.slice(0, namesShown).map(({ name, since }) => ({ name, since: since.toISOString() })),
});
