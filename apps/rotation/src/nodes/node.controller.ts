import { Controller } from '@nestjs/common';
import { problem } from '@plexsphere/wire';
import type {
  AddNode as AddRequest,
  AddNodeReply,
  ListNodes,
  ListNodesReply,
  NodeReference,
  RemoveNode as RemoveRequest,
  RemoveNodeReply,
  ShowNodeReply,
} from '@plexsphere/wire/commands';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { policyOf } from '../rings/read-ring';
import { AddNode } from './add-node';
import type { NodeName } from './list-nodes';
import { NodeReader } from './node-reader';
import { RemoveNode } from './remove-node';

@Controller()
export class NodeController {
  constructor(
    private readonly addNode: AddNode,
    private readonly removeNode: RemoveNode,
    private readonly nodes: NodeReader,
  ) {}

  @Handles('node.add')
  async add(request: AddRequest, { identity }: Asked): Promise<AddNodeReply> {
    // A Node is in its Domain's scope, or in the platform's where it has none.
    if (policyOf(request.scope).tells.ownNodes === null) throw problem('invariantViolation', { field: 'scope' });
    const { scope, name, bus_public_key: busPublicKey } = request;
    return this.addNode.add({ scope, name, busPublicKey }, identity);
  }

  @Handles('node.remove')
  remove(request: RemoveRequest, { identity }: Asked): Promise<RemoveNodeReply> {
    return this.removeNode.remove(nameOf(request), identity);
  }

  @Handles('node.list')
  list({ scope, after }: ListNodes, asked: Asked): Promise<ListNodesReply> {
    return this.nodes.list(scope ?? undefined, asked.visibleScopes(scope), after);
  }

  @Handles('node.show')
  show(request: NodeReference, { operator }: Asked): Promise<ShowNodeReply> {
    return this.nodes.show(nameOf(request), operator.scopes);
  }
}

const nameOf = ({ node_id: id, scope, name }: NodeReference): NodeName => ({ id, scope, name });
