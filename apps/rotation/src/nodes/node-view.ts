import { progressOf } from '@plexsphere/keyring';
import type { Backlog, NodeSummary, ShowNodeReply } from '@plexsphere/wire/commands';
import { secondsBetween } from '../transactions/database-clock';
import type { NodeRow } from './list-nodes';

/** A Node's progress is that of a scope which has this one Node, so that both are counted by one rule. */
export function nodeSummary(node: NodeRow, now: Date): NodeSummary {
  const { lagging, pending, offline } = progressOf([node], node.trustEpoch, now);
  const isPending = pending.length > 0;
  return {
    node_id: node.id,
    scope: node.scope,
    name: node.name,
    progress: isPending ? 'pending' : lagging.length > 0 ? 'lagging' : 'applied',
    online: node.state === 'enrolled' && !isPending && offline.length === 0,
    last_seen_at: node.lastSeenAt?.toISOString() ?? null,
    last_seen_seconds: node.lastSeenAt && secondsBetween(node.lastSeenAt, now),
  };
}

export const nodeDetail = (node: NodeRow, now: Date, connections: number | null, backlog: Backlog): ShowNodeReply => ({
  ...nodeSummary(node, now),
  state: node.state,
  added_at: node.addedAt.toISOString(),
  connections,
  told_epoch: node.toldEpoch,
  applied_epoch: node.firstSeenAt && node.appliedEpoch,
  applied_position: node.firstSeenAt && node.appliedPosition,
  backlog,
});
