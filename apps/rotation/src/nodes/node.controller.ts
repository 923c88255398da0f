import { Controller, UseGuards } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { validated } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { isNodeName, isScope, problem, scopeKind, subjects } from '@plexsphere/wire';
import {
  AddNode as AddRequest,
  ListNodes,
  NodeReference,
  RemoveNode as RemoveRequest,
  type AddNodeReply,
  type ListNodesReply,
  type RemoveNodeReply,
  type ShowNodeReply,
} from '@plexsphere/wire/commands';
import { Asking, KeepsToScopes, Needs, OperatorGuard, visibleScopes } from '../operators/operator.guard';
import { identify } from '../operators/request-identity';
import { RotationConfig, requireAccepted } from '../rotation-config';
import { AddNode } from './add-node';
import { NodeReader } from './node-reader';
import { RemoveNode } from './remove-node';

@Controller()
@UseGuards(OperatorGuard)
export class NodeController {
  constructor(
    private readonly addNode: AddNode,
    private readonly removeNode: RemoveNode,
    private readonly nodes: NodeReader,
    private readonly config: RotationConfig,
  ) {}

  @Needs('operator')
  @MessagePattern(subjects.command('*', 'node.add'))
  add(@Payload(validated(AddRequest)) request: AddRequest, @Asking() operator: OperatorEntity): Promise<AddNodeReply> {
    requireAccepted(request.scope, this.config);
    const kind = scopeKind(request.scope);
    // A Node is in its Domain's scope, or in the platform's where it has none.
    if (kind !== 'domain' && kind !== 'platform') throw problem('invariantViolation', { field: 'scope' });
    return this.addNode.add(request, identify('node.add', request, operator));
  }

  @Needs('operator')
  @MessagePattern(subjects.command('*', 'node.remove'))
  remove(
    @Payload(validated(RemoveRequest)) request: RemoveRequest,
    @Asking() operator: OperatorEntity,
  ): Promise<RemoveNodeReply> {
    requireWellNamed(request);
    return this.removeNode.remove(request, identify('node.remove', request, operator));
  }

  @Needs('viewer')
  @KeepsToScopes()
  @MessagePattern(subjects.command('*', 'node.list'))
  list(@Payload(validated(ListNodes)) request: ListNodes, @Asking() operator: OperatorEntity): Promise<ListNodesReply> {
    const scope = request.scope ?? undefined;
    if (scope !== undefined) requireAccepted(scope, this.config);
    return this.nodes.list(scope, visibleScopes(scope, operator), request.after);
  }

  @Needs('viewer')
  @KeepsToScopes()
  @MessagePattern(subjects.command('*', 'node.show'))
  show(
    @Payload(validated(NodeReference)) request: NodeReference,
    @Asking() operator: OperatorEntity,
  ): Promise<ShowNodeReply> {
    requireWellNamed(request);
    return this.nodes.show(request, operator.scopes);
  }
}

/** Validation passes over scope and name where node_id stands beside them; what is named there has to fit all the same. */
function requireWellNamed({ scope, name }: NodeReference): void {
  if (scope !== undefined && !isScope(scope)) throw problem('invariantViolation', { field: 'scope' });
  if (name !== undefined && !isNodeName(name)) throw problem('invariantViolation', { field: 'name' });
}
