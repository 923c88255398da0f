import { Controller, UseGuards } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { validated } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { isNodeName, isScope, problem, subjects } from '@plexsphere/wire';
import {
  ListNodes,
  NodeReference,
  Nothing,
  type DomainListReply,
  type ListNodesReply,
  type ShowNodeReply,
} from '@plexsphere/wire/commands';
import { Asking, KeepsToScopes, Needs, OperatorGuard } from '../operators/operator.guard';
import { requireAccepted } from '../rings/scope-profile';
import { RotationConfig } from '../rotation-config';
import { InventoryReader } from '../nodes/node-reader';
import { visibleScopes } from './visible-scopes';

/** What an operator can see of Domains and Nodes. Nothing here changes anything. */
@Controller()
@UseGuards(OperatorGuard)
export class InventoryController {
  constructor(
    private readonly inventory: InventoryReader,
    private readonly config: RotationConfig,
  ) {}

  @Needs('viewer')
  @KeepsToScopes()
  @MessagePattern(subjects.command('*', 'domain.list'))
  listDomains(@Payload(validated(Nothing)) _: Nothing, @Asking() operator: OperatorEntity): Promise<DomainListReply> {
    return this.inventory.domains(operator.scopes);
  }

  @Needs('viewer')
  @KeepsToScopes()
  @MessagePattern(subjects.command('*', 'node.list'))
  listNodes(
    @Payload(validated(ListNodes)) request: ListNodes,
    @Asking() operator: OperatorEntity,
  ): Promise<ListNodesReply> {
    const scope = request.scope ?? undefined;
    if (scope !== undefined) requireAccepted(scope, this.config);
    return this.inventory.nodes(scope, visibleScopes(scope, operator), request.after);
  }

  @Needs('viewer')
  @KeepsToScopes()
  @MessagePattern(subjects.command('*', 'node.show'))
  showNode(
    @Payload(validated(NodeReference)) request: NodeReference,
    @Asking() operator: OperatorEntity,
  ): Promise<ShowNodeReply> {
    const { scope, name } = request;
    // Validation passes over both where node_id stands beside them; what is named there has to fit.
    if (scope !== undefined && !isScope(scope)) throw problem('invariantViolation', { field: 'scope' });
    if (name !== undefined && !isNodeName(name)) throw problem('invariantViolation', { field: 'name' });
    return this.inventory.node(request, operator.scopes);
  }
}
