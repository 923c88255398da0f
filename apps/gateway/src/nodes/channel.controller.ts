import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiBody, ApiOkResponse } from '@nestjs/swagger';
import { validated } from '@plexsphere/service-kit';
import { subjects } from '@plexsphere/wire';
import { ReportKeys, type ReportKeysReply } from '@plexsphere/wire/commands';
import type { NodeView } from '../views/node-views';
import { ChannelReport, ChannelReported } from './channel-bodies';
import { CallingNode, NodeGuard } from './node.guard';
import { OnBehalf } from './on-behalf';

/** For a channel's member: whether the Node is one, and what its proofs are worth, is rotation's to say. */
@Controller('v1/nodes/:node_id')
@UseGuards(NodeGuard)
export class ChannelController {
  constructor(private readonly rotation: OnBehalf) {}

  @Post('channel')
  @HttpCode(200)
  @ApiBody({ type: ChannelReport })
  @ApiOkResponse({ type: ChannelReported })
  channel(
    @CallingNode() { id }: NodeView,
    @Body(validated(ReportKeys)) { rings }: ReportKeys,
  ): Promise<ReportKeysReply> {
    return this.rotation.say<ReportKeysReply>(subjects.httpChannel(id), { rings });
  }
}
