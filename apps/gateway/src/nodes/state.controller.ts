import { Controller, Get, UseGuards } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { NodeStates } from '../streams/node-states';
import type { NodeView } from '../views/node-views';
import { CallingNode, NodeGuard } from './node.guard';
import { State } from './node-bodies';

@Controller('v1/nodes/:node_id')
@UseGuards(NodeGuard)
export class StateController {
  constructor(private readonly states: NodeStates) {}

  /** Whatever else a Node's state may say is not this product's: those members are empty. */
  @Get('state')
  @ApiOkResponse({ type: State })
  async state(@CallingNode() node: NodeView): Promise<State> {
    const keys = await this.states.begin(node);
    return {
      ...{ peers: [], policies: [] },
      ...(keys !== undefined && { signing_keys: keys }),
      ...{ metadata: {}, data: [], secret_refs: [] },
    };
  }
}
