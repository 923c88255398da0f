import { Controller, UseGuards } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { validated } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { problem, scopeKind, subjects } from '@plexsphere/wire';
import { AddNode as Request, type AddNodeReply } from '@plexsphere/wire/commands';
import { identify } from '../operators/request-identity';
import { Asking, Needs, OperatorGuard } from '../operators/operator.guard';
import { requireAccepted } from '../rings/scope-profile';
import { RotationConfig } from '../rotation-config';
import { AddNode } from './add-node';

@Controller()
@UseGuards(OperatorGuard)
export class NodeController {
  constructor(
    private readonly addNode: AddNode,
    private readonly config: RotationConfig,
  ) {}

  @Needs('operator')
  @MessagePattern(subjects.command('*', 'node.add'))
  add(@Payload(validated(Request)) request: Request, @Asking() operator: OperatorEntity): Promise<AddNodeReply> {
    requireAccepted(request.scope, this.config);
    const kind = scopeKind(request.scope);
    // A Node is in its Domain's scope, or in the platform's where it has none.
    if (kind !== 'domain' && kind !== 'platform') throw problem('invariantViolation', { field: 'scope' });
    return this.addNode.add(request, identify('node.add', request, operator));
  }
}
