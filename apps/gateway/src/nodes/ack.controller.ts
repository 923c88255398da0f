import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiBody, ApiNoContentResponse, ApiProperty } from '@nestjs/swagger';
import { Bus } from '@plexsphere/service-kit';
import { isCount, problem, subjects, type Ack } from '@plexsphere/wire';
import type { NodeView } from '../views/node-views';
import { CallingNode, NodeGuard } from './node.guard';

export class HeadsBody {
  @ApiProperty({ description: "The hash of the last statement taken, of the Node's own ring." })
  ring: string;

  @ApiProperty({ description: 'The same of the platform ring.' })
  platform: string;
}

export class AckBody implements Ack {
  @ApiProperty({ minimum: 1 })
  epoch: number;

  @ApiProperty({ minimum: 1 })
  platform_epoch: number;

  @ApiProperty({ minimum: 0, description: 'The highest that was applied; 0 before the first.' })
  position: number;

  @ApiProperty({ type: HeadsBody })
  heads: HeadsBody;
}

/** For Nodes that can acknowledge: what they have applied, as a Node on the bus says it. */
@Controller('v1/nodes/:node_id')
@UseGuards(NodeGuard)
export class AckController {
  constructor(private readonly bus: Bus) {}

  @Post('ack')
  @HttpCode(204)
  @ApiBody({ type: AckBody })
  @ApiNoContentResponse()
  ack(@CallingNode() { id }: NodeView, @Body() body: unknown): void {
    this.bus.publish(subjects.httpAck(id), ackOf(body));
  }
}

/** @throws Problem invariantViolation */
function ackOf(body: unknown): Ack {
  const { epoch, platform_epoch, position, heads } = (body ?? {}) as Partial<Record<keyof Ack, unknown>>;
  const { ring, platform } = (heads ?? {}) as Partial<Record<keyof HeadsBody, unknown>>;
  if (!isCount(epoch, 1)) refuse('epoch');
  if (!isCount(platform_epoch, 1)) refuse('platform_epoch');
  if (!isCount(position)) refuse('position');
  if (!isHash(ring) || !isHash(platform)) refuse('heads');
  return { epoch, platform_epoch, position, heads: { ring, platform } };
}

/** base64url of 32 bytes. */
const isHash = (value: unknown): value is string => typeof value === 'string' && /^[A-Za-z0-9_-]{43}$/.test(value);

function refuse(field: string): never {
  throw problem('invariantViolation', { field });
}
