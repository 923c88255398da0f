import { Body, Controller, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiBody, ApiOkResponse } from '@nestjs/swagger';
import { headers } from '@plexsphere/wire';
import type { ConfirmNodeKeyReply, LogoutReply, NodeKeyReply, NodeKeyView } from '@plexsphere/wire/commands';
import type { FastifyRequest } from 'fastify';
import { Confirmed, HeldKey, KeyView, LoggedOut, Proof } from './node-key-bodies';
import { NodeKeyCalls } from './node-key-calls';

/** What a Node says of its own key, by that key: no bearer is looked at. */
@Controller('v1/nodes/:node_id')
export class NodeKeyController {
  constructor(private readonly calls: NodeKeyCalls) {}

  @Get('key')
  @ApiOkResponse({ type: KeyView })
  show(@Param('node_id') name: string, @Req() come: FastifyRequest): Promise<NodeKeyView> {
    const proof = come.headers[headers.proof.toLowerCase()];
    return this.calls.ask({ ...named(name), verb: 'key', kind: 'ask', proof, come });
  }

  @Post('key')
  @HttpCode(200)
  @ApiBody({ type: Proof })
  @ApiOkResponse({ type: HeldKey })
  change(@Param('node_id') name: string, @Body() body: unknown, @Req() come: FastifyRequest): Promise<NodeKeyReply> {
    return this.calls.ask({ ...named(name), verb: 'key', kind: 'key-change', proof: proofIn(body), come });
  }

  @Post('key/confirm')
  @HttpCode(200)
  @ApiBody({ type: Proof })
  @ApiOkResponse({ type: Confirmed })
  confirm(
    @Param('node_id') name: string,
    @Body() body: unknown,
    @Req() come: FastifyRequest,
  ): Promise<ConfirmNodeKeyReply> {
    return this.calls.ask({ ...named(name), verb: 'confirm', kind: 'key-confirm', proof: proofIn(body), come });
  }

  @Post('token')
  @HttpCode(200)
  @ApiBody({ type: Proof })
  @ApiOkResponse({ type: HeldKey })
  token(@Param('node_id') name: string, @Body() body: unknown, @Req() come: FastifyRequest): Promise<NodeKeyReply> {
    return this.calls.ask({ ...named(name), verb: 'token', kind: 'token', proof: proofIn(body), come });
  }

  @Post('logout')
  @HttpCode(200)
  @ApiBody({ type: Proof })
  @ApiOkResponse({ type: LoggedOut })
  logout(@Param('node_id') name: string, @Body() body: unknown, @Req() come: FastifyRequest): Promise<LogoutReply> {
    return this.calls.ask({ ...named(name), verb: 'logout', kind: 'logout', proof: proofIn(body), come });
  }
}

/** However it is spelled: it is one Node. */
const named = (name: string): { nodeId: string } => ({ nodeId: name.toLowerCase() });

/** Whatever else stands beside it says nothing: what counts is signed. */
const proofIn = (body: unknown): unknown => (body as { proof?: unknown } | null | undefined)?.proof;
