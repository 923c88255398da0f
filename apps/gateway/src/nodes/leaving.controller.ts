import { Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiNoContentResponse } from '@nestjs/swagger';
import { Problem, subjects } from '@plexsphere/wire';
import type { NodeView } from '../views/node-views';
import { CallingNode, NodeGuard } from './node.guard';
import { OnBehalf } from './on-behalf';

@Controller('v1/nodes/:node_id')
@UseGuards(NodeGuard)
export class LeavingController {
  constructor(private readonly rotation: OnBehalf) {}

  /** Whoever is gone already has what it asks for. */
  @Post('deregister')
  @HttpCode(204)
  @ApiNoContentResponse()
  async deregister(@CallingNode() { id }: NodeView): Promise<void> {
    try {
      await this.rotation.ask(subjects.httpDeregister(id), {});
    } catch (error) {
      if (!(error instanceof Problem) || !error.is('unknownNode')) throw error;
    }
  }
}
