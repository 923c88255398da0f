import { Controller } from '@nestjs/common';
import {
  DEFAULT_TOKEN_SECONDS,
  type CreateToken as CreateRequest,
  type CreateTokenReply,
  type ListTokensReply,
  type RevokeToken as RevokeRequest,
  type RevokeTokenReply,
} from '@plexsphere/wire/commands';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { RotationConfig, requireAccepted } from '../rotation-config';
import { CreateToken } from './create-token';
import { ListTokens } from './list-tokens';
import { RevokeToken } from './revoke-token';

@Controller()
export class TokenController {
  constructor(
    private readonly createToken: CreateToken,
    private readonly listTokens: ListTokens,
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
    return this.listTokens.list();
  }

  @Handles('token.revoke')
  revoke(request: RevokeRequest, { identity }: Asked): Promise<RevokeTokenReply> {
    return this.revokeToken.revoke(request.id, identity);
  }
}
