import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiBody, ApiNoContentResponse, ApiProperty } from '@nestjs/swagger';
import { Bus } from '@plexsphere/service-kit';
import { problem, readAck, readHello, subjects, type Ack, type Hello } from '@plexsphere/wire';
import { orRefused } from '../door/refuse';
import type { NodeView } from '../views/node-views';
import { CallingNode, NodeGuard } from './node.guard';

class HeadsBody {
  @ApiProperty({ description: "The hash of the last statement taken, of the Node's own ring." })
  ring: string;

  @ApiProperty({ description: 'The same of the platform ring.' })
  platform: string;
}

class AckBody implements Ack {
  @ApiProperty({ minimum: 1 })
  epoch: number;

  @ApiProperty({ minimum: 1 })
  platform_epoch: number;

  @ApiProperty({ minimum: 0, description: 'The highest that was applied; 0 before the first.' })
  position: number;

  @ApiProperty({ type: HeadsBody })
  heads: HeadsBody;
}

class HelloBody extends AckBody implements Hello {
  @ApiProperty({ description: 'Drawn by the Node; the `stream_ready` that answers names it.' })
  hello_id: string;
}

/** For Nodes that can say what they have applied, as one on the bus says it: they are answered on their stream. */
@Controller('v1/nodes/:node_id')
@UseGuards(NodeGuard)
export class StandingController {
  constructor(private readonly bus: Bus) {}

  @Post('ack')
  @HttpCode(204)
  @ApiBody({ type: AckBody })
  @ApiNoContentResponse()
  ack(@CallingNode() node: NodeView, @Body() body: unknown): void {
    const { id } = saysItself(node);
    this.bus.publish(subjects.httpAck(id), orRefused(readAck, body));
  }

  @Post('hello')
  @HttpCode(204)
  @ApiBody({ type: HelloBody })
  @ApiNoContentResponse()
  hello(@CallingNode() node: NodeView, @Body() body: unknown): void {
    const { id } = saysItself(node);
    this.bus.publish(subjects.httpHello(id), orRefused(readHello, body));
  }
}

/**
 * No relay would hear it of one that registered as a daemon: what such a Node holds shows on its stream.
 * @throws Problem invariantViolation
 */
function saysItself(node: NodeView): NodeView {
  if (node.listens !== 'sdk') throw problem('invariantViolation', { field: 'listens' });
  return node;
}
