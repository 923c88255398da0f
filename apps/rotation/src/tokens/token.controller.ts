import { Controller } from '@nestjs/common';
import {
  DEFAULT_TOKEN_SECONDS,
  type CreateToken as CreateRequest,
  type CreateTokenReply,
  type ListTokensReply,
  type RevokeToken as RevokeRequest,
  type RevokeTokenReply,
} from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { RotationConfig, requireAccepted } from '../rotation-config';
import { CreateToken } from './create-token';
import { listTokens } from './list-tokens';
import { RevokeToken } from './revoke-token';

@Controller()
export class TokenController {
  constructor(
    private readonly database: DataSource,
    private readonly createToken: CreateToken,
    private readonly revokeToken: RevokeToken,
    private readonly config: RotationConfig,
  ) {}

  @Handles('token.create')
  async create(request: CreateRequest, { identity }: Asked): Promise<CreateTokenReply> {
    for (const scope of request.scopes ?? []) requireAccepted(scope, this.config);
    const { name, role, scopes = null, bus_public_key: busPublicKey, bearer_hash: bearerHash } = request;
    const lifeSeconds = request.expires_in_seconds ?? DEFAULT_TOKEN_SECONDS;
    return this.createToken.create({ name, role, scopes, busPublicKey, bearerHash, lifeSeconds }, identity);
  }

  @Handles('token.list')
  list(): Promise<ListTokensReply> {
    return listTokens(this.database.manager);
  }

  @Handles('token.revoke')
  revoke(request: RevokeRequest, { identity }: Asked): Promise<RevokeTokenReply> {
    return this.revokeToken.revoke(request.id, identity);
  }
}
