import { Body, Controller, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiHeader, ApiOkResponse } from '@nestjs/swagger';
import { ALGORITHMS, problem } from '@plexsphere/wire';
import type { FastifyReply } from 'fastify';
import { IssuerNames } from '../issuers/issuer-names';
import { DisabledKey, Disabling, Keys, Promotion, PromotedKey, StagedKey, WithReason } from './admin-bodies';
import { askedMembers } from './asked-members';
import { Calling, type CallingOperator } from './calling-operator';
import { DisableKey } from './disable-key';
import { kidOf, requireKeyId } from './kids';
import { OperatorCommands } from './operator-commands';

const ApiRepeatable = () =>
  ApiHeader({
    name: 'Idempotency-Key',
    description: '1 to 255 visible characters: a repetition is answered as the first.',
  });

/** An issuer's keys, by an operator's bearer: of the default issuer at the root, of each under a path of its own. */
@Controller(['api/v1/admin/keys', 'issuers/:slug/api/v1/admin/keys'])
export class AdminController {
  constructor(
    private readonly issuers: IssuerNames,
    private readonly rotation: OperatorCommands,
    private readonly disabling: DisableKey,
  ) {}

  @Get()
  @ApiOkResponse({ type: Keys })
  async list(@Calling() operator: CallingOperator, @Param('slug') slug?: string): Promise<Keys> {
    const { scope } = await this.issuers.named(slug);
    const { url, epoch, keys } = await this.rotation.ask('issuer.show', { scope }, operator);
    return {
      ...{ issuer: url, scope, epoch },
      keys: keys.map(({ key_id, jwk_kid, algorithm, ...key }) => ({
        ...{ kid: kidOf({ key_id, jwk_kid }), alg: ALGORITHMS[algorithm].alg },
        ...key,
      })),
    };
  }

  /** Where one is staged already, which is so as a rule, that one is the next. */
  @Post('rotate')
  @ApiRepeatable()
  @ApiBody({ type: WithReason, required: false })
  @ApiCreatedResponse({ type: StagedKey, description: 'A new key is staged.' })
  @ApiOkResponse({ type: StagedKey, description: 'The key that had been staged before.' })
  async rotate(
    @Calling() operator: CallingOperator,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Param('slug') slug?: string,
  ): Promise<StagedKey> {
    const { reason } = askedMembers(body);
    const { scope } = await this.issuers.named(slug);
    const request = { scope, unless_staged: true, ...(reason !== undefined && { reason }) };
    const staged = await this.rotation.ask('signing.stage', request, operator);
    const { staged_key_id: kid, staged_at, propagated_at, rotate_by, epoch, already_staged: isOld = false } = staged;
    reply.status(isOld ? 200 : 201);
    return { kid, state: 'staged', staged_at, propagated_at, rotate_by, epoch };
  }

  @Post(':kid/promote')
  @HttpCode(200)
  @ApiRepeatable()
  @ApiBody({ type: Promotion, required: false })
  @ApiOkResponse({ type: PromotedKey })
  async promote(
    @Calling() operator: CallingOperator,
    @Param('kid') kid: string,
    @Body() body: unknown,
    @Param('slug') slug?: string,
  ): Promise<PromotedKey> {
    const { isSet: force, reason } = askedMembers(body, 'force');
    const { scope } = await this.issuers.named(slug);
    const request = {
      scope,
      new_key_id: requireKeyId(kid),
      ...(force && { force }),
      ...(reason !== undefined && { reason }),
    };
    const opened = await this.rotation.ask('signing.rotate', request, operator);
    const { new_key_id, old_key_id: retiring_kid, opened_at, closes_at, epoch } = opened;
    return { kid: new_key_id, state: 'active', retiring_kid, opened_at, closes_at, epoch };
  }

  @Post(':kid/disable')
  @HttpCode(200)
  @ApiRepeatable()
  @ApiBody({ type: Disabling, required: false })
  @ApiOkResponse({ type: DisabledKey })
  async disable(
    @Calling() operator: CallingOperator,
    @Param('kid') kid: string,
    @Body() body: unknown,
    @Param('slug') slug?: string,
  ): Promise<DisabledKey> {
    const { isSet: isEmergency, reason } = askedMembers(body, 'emergency');
    if (isEmergency && reason === undefined) throw problem('invariantViolation', { field: 'reason' });
    const { scope } = await this.issuers.named(slug);
    const key = { scope, kid, reason };
    const disabled =
      isEmergency && reason !== undefined
        ? await this.disabling.revoke(key, reason, operator)
        : await this.disabling.putAway(key, operator);
    const { state, activeKeyId: active_kid, knownBy: known_by, epoch } = disabled;
    return { kid, state, active_kid, known_by, epoch };
  }
}
