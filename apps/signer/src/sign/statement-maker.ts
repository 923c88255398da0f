import { Inject, Injectable } from '@nestjs/common';
import { LeaseGuard, LeaseKeeper, LeaseTable, type TakenRing } from '@plexsphere/lease-holder';
import type { SigningKey as MadeKey } from '@plexsphere/material';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import {
  MESH_ALGORITHM,
  PLATFORM,
  problem,
  publicKeyFromText,
  type AlgorithmName,
  type RingView,
  type Scope,
} from '@plexsphere/wire';
import type {
  GenerateKey,
  GenerateKeyReply,
  MakeStatement,
  MakeStatementReply,
  PrepareStatement,
  PrepareStatementReply,
  StatementRequest,
} from '@plexsphere/wire/commands';
import {
  JwsError,
  STATEMENT_TYPES,
  authoritiesFor,
  isByPlatform,
  signStatement,
  statementHash,
  statementSignature,
  type Statement,
} from '@plexsphere/wire/jws';
import { checkValueOf } from '../channels/secrets';
import { KeyMaker } from '../keys/key-maker';
import { activeKey, policyOf, signingKey, type PrivateKeys } from './signing-ring';
import { checkRequest, refused, statementFor, type StatedKey } from './statement';

/** How long a request waits here for a ring that the caller knows already. */
const CATCH_UP_MS = 250;

/**
 * Makes statements, each the only one that follows the ring as it was shown here. Where another ring's key vouches, the
 * ring itself need not be loaded: what throws a key out, or takes one back, needs nothing of that key.
 */
@Injectable()
export class StatementMaker {
  constructor(
    private readonly guard: LeaseGuard<PrivateKeys>,
    private readonly table: LeaseTable<PrivateKeys>,
    private readonly keeper: LeaseKeeper,
    private readonly keys: KeyMaker,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** For a key that comes in. */
  generateKey(request: GenerateKey): Promise<GenerateKeyReply> {
    return this.byAuthority(request, async (authority, own) => {
      checkRequest(request, own, true);
      if (!policyOf(request).algorithms.includes(request.algorithm))
        throw problem('invariantViolation', { field: 'algorithm' });
      const made = await this.keyFor(request, own);
      const next = await this.keyAhead(request);
      if (made.publicKey === null) {
        const check_value = checkValueOf(request.scope, request.new_key_id, made.privateKey);
        return { public_key: null, check_value, statement: null, statement_hash: null, next };
      }
      const { publicKey, algorithm } = made;
      const statement = statementFor(request, own, { publicKey, algorithm }, next);
      return { public_key: publicKey, ...(await this.signed(statement, authority, made)) };
    });
  }

  /** For keys that the ring holds. */
  makeStatement(request: MakeStatement): Promise<MakeStatementReply> {
    return this.byAuthority(request, async (authority, own) => {
      checkRequest(request, own, false);
      const next = STATEMENT_TYPES[request.type].next === 'made_anew' ? await this.keyAhead(request) : null;
      return this.signed(statementFor(request, own, null, next, importedKey(request)), authority, null);
    });
  }

  /** What a statement of the platform needs whose authority is on an operator's machine. */
  async prepareStatement(request: PrepareStatement): Promise<PrepareStatementReply> {
    const { scope, type, algorithm } = request;
    if (
      policyOf({ scope }).superior !== 'recovery_key' ||
      !authoritiesFor(type, scope).includes('superior') ||
      type === 'create'
    ) {
      throw problem('invariantViolation', { field: 'type' });
    }
    const own = await this.shown(scope, request.epoch - 1);
    checkRequest(request, own, algorithm !== undefined);
    const made = algorithm === undefined ? null : await this.keys.make(scope, request.new_key_id, algorithm);
    const next = STATEMENT_TYPES[type].next === 'made_anew' ? await this.keyAhead(request) : null;
    const publicKey = made?.publicKey ?? null;
    const comesIn = made === null || publicKey === null ? null : { publicKey, algorithm: made.algorithm };
    const statement = statementFor(request, own, comesIn, next);
    const possession = made === null ? null : await orRefused(statementSignature(statement, made, 'possession'));
    return { statement, possession };
  }

  /** Under the lease of whoever vouches, with the scope's own ring. */
  private byAuthority<Reply>(
    request: StatementRequest,
    make: (authority: TakenRing<PrivateKeys>, own: RingView | undefined) => Promise<Reply>,
  ): Promise<Reply> {
    const { scope, type, epoch, authority_epoch, duration_ms } = request;
    const byPlatform = isByPlatform(type, scope);
    if (!byPlatform && !authoritiesFor(type, scope).includes('active')) {
      throw problem('invariantViolation', { field: 'type' });
    }
    const need = { scope: byPlatform ? PLATFORM : scope, epoch: authority_epoch };
    return this.guard.under([need], duration_ms, async (authority) => {
      const own = !byPlatform
        ? authority.view
        : type === 'create'
          ? this.table.seen(scope)
          : await this.shown(scope, epoch - 1);
      try {
        return await make(authority, own);
      } catch (error) {
        // What was asked for is of a ring that has gone on meanwhile, and so has what was to be opened for it.
        if (this.table.seen(need.scope)?.epoch !== authority.view.epoch) {
          throw problem('epochMismatch', { epoch: this.table.seen(need.scope)?.epoch });
        }
        throw error;
      }
    });
  }

  /** The ring at that epoch, loaded or not; asks for it where only the caller knows it yet. */
  private async shown(scope: Scope, epoch: number): Promise<RingView | undefined> {
    if ((this.table.seen(scope)?.epoch ?? 0) < epoch) {
      this.keeper.renew();
      await this.keeper.settled(CATCH_UP_MS);
    }
    return this.table.seen(scope);
  }

  /** By the ring's own authority no other key comes in than the one that was committed to. */
  private async keyFor({ scope, type, new_key_id, algorithm, epoch }: GenerateKey, own: RingView | undefined) {
    const isCommitted = STATEMENT_TYPES[type].next === 'committed' && policyOf({ scope }).commitsAhead;
    const made = isCommitted
      ? await this.keys.introduce(scope, new_key_id, own?.next ?? null)
      : await this.keys.make(scope, new_key_id, algorithm);
    this.logger.info({ scope, kid: new_key_id, epoch, type }, isCommitted ? 'key ahead introduced' : 'key generated');
    return made;
  }

  private async keyAhead({ scope }: StatementRequest): Promise<string | null> {
    const { commitsAhead, algorithm } = policyOf({ scope });
    return commitsAhead ? this.keys.makeAhead(scope, algorithm as AlgorithmName) : null;
  }

  private async signed(
    statement: Statement,
    authority: TakenRing<PrivateKeys>,
    comesIn: MadeKey | null,
  ): Promise<MakeStatementReply> {
    const vouching = signingKey(authority, activeKey(authority.view), 'statement');
    const text = await orRefused(signStatement(statement, vouching, comesIn));
    this.logger.info({ scope: statement.scope, type: statement.type, epoch: statement.epoch }, 'statement made');
    return { statement: text, statement_hash: statementHash(text), next: statement.next };
  }
}

/**
 * The public half that whoever imports a key has shown; null of any other statement.
 * @throws Problem invariantViolation
 */
function importedKey({ type, imported_public_key: text, imported_algorithm }: MakeStatement): StatedKey | null {
  if (type !== 'import' || text === undefined) return null;
  const algorithm = imported_algorithm ?? MESH_ALGORITHM;
  return { publicKey: publicKeyFromText(text, algorithm).text, algorithm };
}

const orRefused = <Made>(making: Promise<Made>): Promise<Made> =>
  making.catch((error: unknown) => {
    throw error instanceof JwsError ? refused(error) : error;
  });
