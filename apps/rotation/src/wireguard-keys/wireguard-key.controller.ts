import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { BusContext, validated } from '@plexsphere/service-kit';
import { subjects } from '@plexsphere/wire';
import { PostKey as PostRequest, type RotateKeys, type RotateKeysReply } from '@plexsphere/wire/commands';
import { byGateway, nodeOf } from '../enrolment/by-gateway';
import { Handles } from '../operators/handles';
import type { Asked } from '../operators/operator.guard';
import { AskForKeys } from './ask-for-keys';
import { PostKey } from './post-key';

@Controller()
export class WireguardKeyController {
  constructor(
    private readonly askForKeys: AskForKeys,
    private readonly postKey: PostKey,
  ) {}

  @Handles('key.rotate')
  rotate({ node_id: nodeId, scope }: RotateKeys, { identity }: Asked): Promise<RotateKeysReply> {
    return this.askForKeys.ask({ nodeId, scope }, identity);
  }

  @MessagePattern(subjects.httpWireguard('*'))
  post(
    @Payload(validated(PostRequest)) request: PostRequest,
    @Ctx() context: BusContext,
  ): Promise<{ changed: boolean }> {
    const node = nodeOf(context);
    return this.postKey.post(node, request.new_public_key, byGateway('key.post', node, request));
  }
}
