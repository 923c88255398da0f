import { createHash, randomBytes } from 'node:crypto';
import { Body, Controller, Headers, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse } from '@nestjs/swagger';
import { subjects } from '@plexsphere/wire';
import type { RegisterNode, RegisterNodeReply } from '@plexsphere/wire/commands';
import { bearerOf } from '../nodes/node-credentials';
import { OnBehalf } from '../nodes/on-behalf';
import { newcomerOf } from './newcomer';
import { Registered, Registration } from './registration-bodies';

/** 192 random bits, in the 32 characters that a Node's daemon expects. */
const drawSecret = (): string => randomBytes(24).toString('base64url');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Lets a Node in that has an enrolment token. Its secret is drawn here, and told to nobody else: rotation gets its hash. */
@Controller('v1/register')
export class RegistrationController {
  constructor(private readonly rotation: OnBehalf) {}

  @Post()
  @HttpCode(200)
  @ApiBody({ type: Registration })
  @ApiOkResponse({ type: Registered })
  async register(@Body() body: unknown, @Headers('authorization') authorization?: string): Promise<Registered> {
    const { token, publicKey, hostname, listens } = newcomerOf(body, bearerOf(authorization));
    const secret = drawSecret();
    const request: Omit<RegisterNode, 'request_id'> = {
      token_hash: sha256(token),
      bearer_hash: sha256(secret),
      wireguard_key: publicKey,
      ...{ hostname, listens },
    };
    const made = await this.rotation.ask<RegisterNodeReply>(subjects.register, request);
    const { node_id, mesh_ip, signing_public_key, scope, name, bundle } = made;
    return {
      ...{ node_id, mesh_ip, signing_public_key, node_secret_key: secret, peers: [], scope, name },
      ...(bundle !== undefined && { bundle }),
    };
  }
}
