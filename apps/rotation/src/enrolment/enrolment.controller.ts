import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { BusContext, validated } from '@plexsphere/service-kit';
import { problem, subjects } from '@plexsphere/wire';
import {
  DEFAULT_ENROL_TOKEN_SECONDS,
  Deregister,
  RegisterNode as RegisterRequest,
  type EnrollToken,
  type EnrollTokenReply,
  type ListEnrollTokens,
  type ListEnrollTokensReply,
  type RegisterNodeReply,
  type RevokeEnrollToken,
  type RevokeEnrollTokenReply,
} from '@plexsphere/wire/commands';
import { KeyRingEntity } from '@plexsphere/store';
import { DataSource, IsNull } from 'typeorm';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { RemoveNode } from '../nodes/remove-node';
import { requireNodes } from '../nodes/require-nodes';
import { byGateway, nodeOf } from './by-gateway';
import { EnrolTokens } from './enrol-token';
import { listEnrolTokens } from './list-enrol-tokens';
import { RegisterNode } from './register-node';

/** No gateway speaks for a Node on the bus. */
const OVER_HTTP = { busPublicKey: IsNull() };

@Controller()
export class EnrolmentController {
  constructor(
    private readonly database: DataSource,
    private readonly tokens: EnrolTokens,
    private readonly registerNode: RegisterNode,
    private readonly removeNode: RemoveNode,
  ) {}

  @Handles('node.enroll-token')
  async makeToken(request: EnrollToken, { identity }: Asked): Promise<EnrollTokenReply> {
    const { scope, token_hash: hash, ttl_seconds: lifeSeconds = DEFAULT_ENROL_TOKEN_SECONDS } = request;
    requireNodes(scope);
    return this.tokens.make({ scope, hash, lifeSeconds }, identity);
  }

  /** @throws Problem unknownScope: one that is misspelt would seem to have none; unknownToken */
  @Handles('enroll-token.list')
  async list({ scope, after }: ListEnrollTokens, asked: Asked): Promise<ListEnrollTokensReply> {
    const { manager } = this.database;
    const isKnown = scope === undefined || (await manager.existsBy(KeyRingEntity, { scope }));
    if (!isKnown) throw problem('unknownScope', { field: 'scope' });
    return listEnrolTokens(manager, asked.visibleScopes(scope), after);
  }

  @Handles('enroll-token.revoke')
  revoke({ id, scope }: RevokeEnrollToken, { identity }: Asked): Promise<RevokeEnrollTokenReply> {
    return this.tokens.revoke(id, scope, identity);
  }

  @MessagePattern(subjects.register)
  register(@Payload(validated(RegisterRequest)) request: RegisterRequest): Promise<RegisterNodeReply> {
    return this.registerNode.register(request, byGateway('node.register', 'gateway', request));
  }

  /** It leaves by itself, as if it were removed. @throws Problem unknownNode where it is gone already */
  @MessagePattern(subjects.httpDeregister('*'))
  async deregister(
    @Payload(validated(Deregister)) request: Deregister,
    @Ctx() context: BusContext,
  ): Promise<{ removed_at: string }> {
    const id = nodeOf(context);
    const { removed_at } = await this.removeNode.remove({ id }, byGateway('node.deregister', id, request), OVER_HTTP);
    return { removed_at };
  }
}
