import { progressOf } from '@plexsphere/keyring';
import { Injectable } from '@nestjs/common';
import { KeyRingEntity } from '@plexsphere/store';
import { problem } from '@plexsphere/wire';
import type { ListNodesReply, NodeSummary, ShowNodeReply } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { countBacklogOf, backlogView } from '../status/backlog';
import { BusConnections } from '../bus-account/bus-connections';
import { findNode, listNodes, unknownNode, type NodeName, type NodeRow } from './list-nodes';
import type { Scopes } from '../rings/list-rings';
import { readSnapshot, secondsBetween } from '../transactions/database-clock';

/** Nodes in one reply, of some 300 bytes at most: far below the bus' limit of 1 MB. */
const NODES_IN_REPLY = 2_000;

/** Nodes, and how far each has come. */
@Injectable()
export class NodeReader {
  constructor(
    private readonly database: DataSource,
    private readonly connections: BusConnections,
  ) {}

  /** @throws Problem unknownScope; unknownNode where there is no Node `after` */
  list(scope: string | undefined, scopes: Scopes, after: string | undefined): Promise<ListNodesReply> {
    return readSnapshot(this.database, async (manager, now) => {
      if (scope !== undefined && !(await manager.existsBy(KeyRingEntity, { scope }))) {
        throw problem('unknownScope', { field: 'scope' });
      }
      const last = after === undefined ? undefined : await findNode(manager, scopes, { id: after });
      if (after !== undefined && last === undefined) throw problem('unknownNode', { field: 'after' });
      const rows = await listNodes(manager, scopes, { after: last, limit: NODES_IN_REPLY + 1 });
      const shown = rows.slice(0, NODES_IN_REPLY);
      const next = rows.length > shown.length ? shown.at(-1)?.id : undefined;
      return { nodes: shown.map((node) => summary(node, now)), ...(next === undefined ? {} : { next }) };
    });
  }

  /** @throws Problem unknownNode, alike for one that is not there and for one of a scope that is not theirs */
  show(named: NodeName, scopes: Scopes): Promise<ShowNodeReply> {
    return readSnapshot(this.database, async (manager, now) => {
      const node = await findNode(manager, scopes, named);
      if (node === undefined) throw unknownNode(named);
      return {
        ...summary(node, now),
        state: node.state,
        added_at: node.addedAt.toISOString(),
        connections: this.connections.of(node.busPublicKey) ?? null,
        told_epoch: node.toldEpoch,
        applied_epoch: node.firstSeenAt && node.appliedEpoch,
        applied_position: node.firstSeenAt && node.appliedPosition,
        backlog: backlogView(await countBacklogOf(manager, node.id), now),
      };
    });
  }
}

/** A Node's progress is that of a scope which has this one Node, so that both are counted by one rule. */
function summary(node: NodeRow, now: Date): NodeSummary {
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
