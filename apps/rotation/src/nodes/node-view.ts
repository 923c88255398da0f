import { isOffline, progressOf } from '@plexsphere/keyring';
import type { Backlog, NodeSummary, ShowNodeReply, ShownFork } from '@plexsphere/wire/commands';
import { secondsBetween } from '../transactions/database-clock';
import { waitingSince, type NodeRow } from './list-nodes';
import { policyOf } from '../rings/read-ring';

/** A Node's progress is that of a scope which has this one Node, so that both are counted by one rule. */
export function nodeSummary(node: NodeRow, now: Date): NodeSummary {
  const { lagging, pending } = progressOf([node], node.trustEpoch, now);
  const isPending = pending.count > 0;
  // One over HTTP calls before it holds anything.
  const heardAt = node.lastSeenAt ?? node.firstSeenAt;
  const waits = waitingSince(node);
  return {
    node_id: node.id,
    scope: node.scope,
    name: node.name,
    listens: node.listens,
    ...(waits !== null && { waits_since: waits.toISOString() }),
    progress: isPending ? 'pending' : lagging.count > 0 ? 'lagging' : 'applied',
    online: node.state === 'enrolled' && heardAt !== null && !isOffline(heardAt, now),
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
  ...shownForks(node),
  backlog,
  ...(node.meshIp !== null && { mesh_ip: node.meshIp }),
  ...wireguardKeyOf(node),
});

const wireguardKeyOf = (node: NodeRow): Pick<ShowNodeReply, 'wireguard_key'> => {
  const { wireguardKey: key, wireguardKeySince: since, wireguardKeyWantedAt: wantedAt } = node;
  if (key === null || since === null) return {};
  const wanted = wantedAt === null ? {} : { wanted_at: wantedAt.toISOString() };
  return { wireguard_key: { public_key: key, since: since.toISOString(), ...wanted } };
};

/** What a Node's own words show that should not be. One of `platform` has one ring. */
function shownForks(node: NodeRow): Partial<ShowNodeReply> {
  const hasTwo = policyOf(node.scope).tells.otherNodes === null;
  const fork = forkOf(node.head, node.forkedAt);
  const platformFork = hasTwo ? forkOf(node.platformHead, node.platformForkedAt) : undefined;
  return {
    ...(fork && { fork }),
    ...(platformFork && { platform_fork: platformFork }),
    ...(node.aheadEpoch !== null && { claimed_epoch: node.aheadEpoch }),
    ...(hasTwo && node.aheadPlatformEpoch !== null && { claimed_platform_epoch: node.aheadPlatformEpoch }),
  };
}

const forkOf = (head: string | null, since: Date | null): ShownFork | undefined =>
  head === null || since === null ? undefined : { head, since: since.toISOString() };
