import { Controller, UseGuards } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { validated } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { isNodeName, isScope, problem, subjects } from '@plexsphere/wire';
import { RemoveNode as Request, type RemoveNodeReply } from '@plexsphere/wire/commands';
import { identify } from '../operators/request-identity';
import { Asking, Needs, OperatorGuard } from '../operators/operator.guard';
import { RemoveNode } from './remove-node';

@Controller()
@UseGuards(OperatorGuard)
export class RemoveNodeController {
  constructor(private readonly removeNode: RemoveNode) {}

  @Needs('operator')
  @MessagePattern(subjects.command('*', 'node.remove'))
  remove(@Payload(validated(Request)) request: Request, @Asking() operator: OperatorEntity): Promise<RemoveNodeReply> {
    const { scope, name } = request;
    // Validation passes over both where node_id stands beside them.
    if (scope !== undefined && !isScope(scope)) throw problem('invariantViolation', { field: 'scope' });
    if (name !== undefined && !isNodeName(name)) throw problem('invariantViolation', { field: 'name' });
    return this.removeNode.remove(request, identify('node.remove', request, operator));
  }
}
