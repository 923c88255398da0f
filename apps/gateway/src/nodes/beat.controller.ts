import { Body, Controller, Get, HttpCode, Post, Put, Req, UseGuards } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { NodeStates } from '../streams/node-states';
import type { NodeView } from '../views/node-views';
import { EndpointReply, HeartbeatReply } from './node-bodies';
import { CallingNode, NodeGuard } from './node.guard';

/**
 * The small calls of a Node. It is named by its path and its bearer: what its daemon writes into the bodies may be empty,
 * and more than we know, so nothing in them is refused.
 */
@Controller('v1/nodes/:node_id')
@UseGuards(NodeGuard)
export class BeatController {
  constructor(private readonly states: NodeStates) {}

  @Post('heartbeat')
  @HttpCode(200)
  @ApiOkResponse({ type: HeartbeatReply })
  heartbeat(@CallingNode() node: NodeView): HeartbeatReply {
    return { reconcile: this.states.shouldReconcile(node), rotate_keys: node.isKeyWanted };
  }

  @Post('drift')
  @HttpCode(204)
  @ApiNoContentResponse()
  async drift(@CallingNode() node: NodeView, @Body() body: unknown, @Req() { raw }: FastifyRequest): Promise<void> {
    await this.states.drifted(node, setsKeys(body), () => raw.socket.destroyed);
  }

  @Post('report')
  @HttpCode(204)
  @ApiNoContentResponse()
  report(): void {}

  @Put('capabilities')
  @HttpCode(204)
  @ApiNoContentResponse()
  capabilities(): void {}

  @Put('endpoint')
  @ApiOkResponse({ type: EndpointReply })
  endpoint(): EndpointReply {
    return { peer_endpoints: [] };
  }
}

@Controller('v1/ping')
export class PingController {
  @Get()
  @HttpCode(204)
  @ApiNoContentResponse()
  ping(): void {}
}

/** What a daemon reports of a state whose keys it has set. */
const KEYS_SET = 'signing_keys_updated';

/** Of all that a state of ours says only its keys ever differ: where nothing is told of what was put right, it is those. */
function setsKeys(body: unknown): boolean {
  const { corrections } = (body ?? {}) as { corrections?: unknown };
  if (!Array.isArray(corrections) || corrections.length === 0) return true;
  return corrections.some((each: { type?: unknown } | null) => each?.type === KEYS_SET);
}
