import { Controller, UseGuards } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { validated } from '@plexsphere/service-kit';
import { OperatorEntity } from '@plexsphere/store';
import { problem, subjects } from '@plexsphere/wire';
import {
  CreateToken as CreateRequest,
  Nothing,
  RevokeToken as RevokeRequest,
  type CreateTokenReply,
  type ListTokensReply,
  type RevokeTokenReply,
} from '@plexsphere/wire/commands';
import { requireAccepted, RotationConfig } from '../rotation-config';
import { identify } from '../operators/request-identity';
import { Asking, Needs, OperatorGuard } from '../operators/operator.guard';
import { CreateToken } from './create-token';
import { ListTokens } from './list-tokens';
import { RevokeToken } from './revoke-token';

@Controller()
@UseGuards(OperatorGuard)
export class TokenController {
  constructor(
    private readonly createToken: CreateToken,
    private readonly listTokens: ListTokens,
    private readonly revokeToken: RevokeToken,
    private readonly config: RotationConfig,
  ) {}

  @Needs('admin')
  @MessagePattern(subjects.command('*', 'token.create'))
  create(
    @Payload(validated(CreateRequest)) request: CreateRequest,
    @Asking() operator: OperatorEntity,
  ): Promise<CreateTokenReply> {
    requireEveryScope(operator);
    for (const scope of request.scopes ?? []) requireAccepted(scope, this.config);
    return this.createToken.create(request, identify('token.create', request, operator));
  }

  @Needs('admin')
  @MessagePattern(subjects.command('*', 'token.list'))
  list(@Payload(validated(Nothing)) _: Nothing, @Asking() operator: OperatorEntity): Promise<ListTokensReply> {
    requireEveryScope(operator);
    return this.listTokens.list();
  }

  @Needs('admin')
  @MessagePattern(subjects.command('*', 'token.revoke'))
  revoke(
    @Payload(validated(RevokeRequest)) request: RevokeRequest,
    @Asking() operator: OperatorEntity,
  ): Promise<RevokeTokenReply> {
    requireEveryScope(operator);
    return this.revokeToken.revoke(request, identify('token.revoke', request, operator));
  }
}

/** Tokens are of no scope: an admin of some scopes could make one that reaches further than their own. */
function requireEveryScope(operator: OperatorEntity): void {
  if (operator.scopes !== null) throw problem('permissionDenied');
}
