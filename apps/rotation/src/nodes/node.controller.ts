import { Controller } from '@nestjs/common';
import { KeyRingEntity } from '@plexsphere/store';
import { problem } from '@plexsphere/wire';
import type {
  AddNode as AddRequest,
  AddNodeReply,
  AddNodes as AddManyRequest,
  AddNodesReply,
  ListNodes,
  ListNodesReply,
  NodeReference,
  RemoveNode as RemoveRequest,
  RemoveNodeReply,
  ShowNodeReply,
  TagNode as TagRequest,
  TagNodeReply,
} from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { BusConnections } from '../bus-account/bus-connections';
import { backlogView, countBacklogOf } from '../status/backlog';
import { readSnapshot } from '../transactions/database-clock';
import { AddNode } from './add-node';
import { AddNodes } from './add-nodes';
import { findNode, listNodes, unknownNode, type NodeName } from './list-nodes';
import { shownKey } from './node-key-view';
import { nodeDetail, nodeSummary } from './node-view';
import { RemoveNode } from './remove-node';
import { TagNode } from './tag-node';
import { requireNodes } from './require-nodes';

/** Nodes in one reply, of some 300 bytes at most: far below the bus' limit of 1 MB. */
const NODES_IN_REPLY = 2_000;

@Controller()
export class NodeController {
  constructor(
    private readonly addNode: AddNode,
    private readonly addNodes: AddNodes,
    private readonly removeNode: RemoveNode,
    private readonly tagNode: TagNode,
    private readonly database: DataSource,
    private readonly connections: BusConnections,
  ) {}

  @Handles('node.add')
  async add(request: AddRequest, { identity }: Asked): Promise<AddNodeReply> {
    requireNodes(request.scope);
    const { scope, name, bus_public_key: busPublicKey } = request;
    return this.addNode.add({ scope, name, busPublicKey }, identity);
  }

  @Handles('node.add-many')
  async addMany({ scope, nodes }: AddManyRequest, { identity }: Asked): Promise<AddNodesReply> {
    requireNodes(scope);
    return this.addNodes.add({ scope, nodes }, identity);
  }

  @Handles('node.remove')
  remove(request: RemoveRequest, { identity }: Asked): Promise<RemoveNodeReply> {
    return this.removeNode.remove(nameOf(request), identity);
  }

  @Handles('node.tag')
  tag(request: TagRequest, { identity }: Asked): Promise<TagNodeReply> {
    return this.tagNode.tag(nameOf(request), request, identity);
  }

  /** @throws Problem unknownScope; unknownNode where there is no Node `after` */
  @Handles('node.list')
  list({ scope, after }: ListNodes, asked: Asked): Promise<ListNodesReply> {
    const scopes = asked.visibleScopes(scope);
    return readSnapshot(this.database, async (manager, now) => {
      if (typeof scope === 'string' && !(await manager.existsBy(KeyRingEntity, { scope }))) {
        throw problem('unknownScope', { field: 'scope' });
      }
      const last = after === undefined ? undefined : await findNode(manager, scopes, { id: after });
      if (after !== undefined && last === undefined) throw problem('unknownNode', { field: 'after' });
      const rows = await listNodes(manager, scopes, { after: last, limit: NODES_IN_REPLY + 1 });
      const shown = rows.slice(0, NODES_IN_REPLY);
      const next = rows.length > shown.length ? shown.at(-1)?.id : undefined;
      return { nodes: shown.map((node) => nodeSummary(node, now)), ...(next === undefined ? {} : { next }) };
    });
  }

  /** @throws Problem unknownNode, alike for one that is not there and for one of a scope that is not theirs */
  @Handles('node.show')
  show(request: NodeReference, { operator }: Asked): Promise<ShowNodeReply> {
    const named = nameOf(request);
    return readSnapshot(this.database, async (manager, now) => {
      const node = await findNode(manager, operator.scopes, named);
      if (node === undefined) throw unknownNode(named);
      const backlog = backlogView(await countBacklogOf(manager, node.id), now);
      const connections = node.busPublicKey === null ? undefined : this.connections.of(node.busPublicKey);
      return { ...nodeDetail(node, now, connections ?? null, backlog), ...(await shownKey(manager, node.id)) };
    });
  }
}

const nameOf = ({ node_id: id, scope, name }: NodeReference): NodeName => ({ id, scope, name });
