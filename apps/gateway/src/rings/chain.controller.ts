import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiProperty, ApiPropertyOptional, ApiQuery } from '@nestjs/swagger';
import type { ChainPlace } from '@plexsphere/keyring';
import { Problem, isCount, problem, routePath, type Scope } from '@plexsphere/wire';
import { Bundles } from './bundles';
import type { After, ReadPart } from './chain-reader';
import { Chains } from './chains';
import { scopeNamed } from './scope-named';

class ChainReply {
  @ApiProperty({ description: 'Of the platform ring, oldest first; of the scope `platform` all of them stand here.' })
  platform_statements: string[];

  @ApiProperty({ description: "Of the scope's own ring, oldest first." })
  statements: string[];

  @ApiProperty({ description: 'Whether there are more: then no bundle is in this part.' })
  more: boolean;

  @ApiPropertyOptional({ description: 'Where there are more: what to ask next, to the letter.' })
  next?: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'A trust bundle of this very moment, at most 60 s old; null while nobody can sign one.',
  })
  bundle: string | null;
}

/** Of one question: a ring may change between the statements and the bundle that ends them. */
const TRIES = 3;
const MOVED = undefined;

/** `GET /v1/scopes/{scope}/chain`: what leads on from what a verifier holds. It proves itself, so anybody may have it. */
@Controller('v1/scopes/:scope/chain')
export class ChainController {
  constructor(
    private readonly chains: Chains,
    private readonly bundles: Bundles,
  ) {}

  @Get()
  @ApiQuery({ name: 'after', required: false, description: "An epoch of the scope's ring; 0 without it." })
  @ApiQuery({ name: 'platform_after', required: false, description: 'An epoch of the platform ring; 0 without it.' })
  @ApiQuery({ name: 'goes_on', required: false, description: 'As the part before says in `next`.' })
  @ApiOkResponse({ type: ChainReply })
  async chain(@Param('scope') text: string, @Query() query: Record<string, unknown>): Promise<ChainReply> {
    const scope = scopeNamed(text);
    const after: After = { epoch: epochOf(query, 'after'), platformEpoch: epochOf(query, 'platform_after') };
    const goesOn = query['goes_on'] === 'true';
    for (let tries = 1; ; tries++) {
      const read = await this.chains.of({ scope, after, goesOn });
      const bundle = read.part.next === null ? await this.bundleOf(scope, read) : null;
      if (bundle !== MOVED || tries === TRIES) return replyOf(scope, read, bundle ?? null);
    }
  }

  /** null while nobody makes one; undefined where a ring has moved since it was read. */
  private async bundleOf(scope: Scope, { epoch, platformEpoch }: ReadPart): Promise<string | null | typeof MOVED> {
    try {
      return await this.bundles.of(scope, epoch, platformEpoch);
    } catch (error) {
      if (error instanceof Problem && error.is('epochMismatch')) return MOVED;
      throw error;
    }
  }
}

/** @throws Problem invariantViolation */
function epochOf(query: Record<string, unknown>, field: string): number {
  const value = query[field] ?? '0';
  if (typeof value !== 'string' || !/^\d{1,16}$/.test(value) || !isCount(Number(value))) {
    throw problem('invariantViolation', { field });
  }
  return Number(value);
}

function replyOf(scope: Scope, { part, platformStatements, statements }: ReadPart, bundle: string | null): ChainReply {
  const reply = { platform_statements: platformStatements, statements };
  if (part.next === null) return { ...reply, more: false, bundle };
  return { ...reply, more: true, next: nextOf(scope, part.next), bundle: null };
}

function nextOf(scope: Scope, { own, platform }: ChainPlace): string {
  const after = own === null ? platform : own;
  const query = { after: after.afterEpoch, platform_after: platform.afterEpoch, goes_on: true };
  const text = Object.entries(query).map(([name, value]) => `${name}=${value}`);
  return `${routePath('chain', { scope })}?${text.join('&')}`;
}
