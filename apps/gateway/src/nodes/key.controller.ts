import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiProperty } from '@nestjs/swagger';
import { isWireguardKey, problem, subjects } from '@plexsphere/wire';
import type { NodeView } from '../views/node-views';
import { CallingNode, NodeGuard } from './node.guard';
import { OnBehalf } from './on-behalf';

class NewKey {
  @ApiProperty({ format: 'uuid' })
  node_id: string;

  @ApiProperty({ description: 'X25519: standard base64, padded, of the raw 32 bytes.' })
  new_public_key: string;
}

class UpdatedPeers {
  @ApiProperty({ type: [Object], description: 'Always empty: peers are told by an event.' })
  updated_peers: object[];
}

@Controller('v1/keys')
@UseGuards(NodeGuard)
export class KeyController {
  constructor(private readonly rotation: OnBehalf) {}

  @Post('rotate')
  @HttpCode(200)
  @ApiBody({ type: NewKey })
  @ApiOkResponse({ type: UpdatedPeers })
  async rotate(@CallingNode() { id }: NodeView, @Body() body: Partial<NewKey>): Promise<UpdatedPeers> {
    const { new_public_key } = body;
    if (!isWireguardKey(new_public_key)) throw problem('invariantViolation', { field: 'new_public_key' });
    await this.rotation.ask(subjects.httpWireguard(id), { new_public_key });
    return { updated_peers: [] };
  }
}
