import { Inject, Injectable } from '@nestjs/common';
import type { KeyRing, StatementTerms } from '@plexsphere/keyring';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import type { MadeKey, MadeStatement } from '@plexsphere/store';
import { SIGNING_DURATION_MS, problem, type AlgorithmName, type Scope } from '@plexsphere/wire';
import type {
  GenerateKey,
  GenerateKeyReply,
  LoadKey,
  MakeStatement,
  MakeStatementReply,
  StatementRequest,
} from '@plexsphere/wire/commands';
import type { StatementType } from '@plexsphere/wire/jws';
import { LeaseBook } from '../leases/lease-book';
import { Signers } from '../leases/signers';
import { PreparedKeys } from './prepared-keys';

/** Of a first key nothing is old. */
export type PreparedTerms = Omit<StatementTerms, 'oldKeyId'> & { oldKeyId: string | null };

/** By what a signer proves that it has the key: a public half, or a check value where there is none. */
export interface HeldKey extends Pick<MadeKey, 'publicKey' | 'checkValue'> {
  keyId: string;
}

/** A change of a ring for which signers make a statement, a key or both. */
export interface ToPrepare {
  type: StatementType;
  scope: Scope;
  /** Of a key that is made for it. */
  algorithm: AlgorithmName;
  /** The one that the change will make. */
  epoch: number;
  terms: PreparedTerms;
  /** The ring whose active key vouches for it. */
  authority: Pick<KeyRing, 'scope' | 'epoch'>;
  openedAt: Date;
  /** The public half of the key that is to sign after it, where the ring holds it already and it does not sign yet. */
  takesOver: HeldKey | null;
  /** The public half of the key that comes in, where no signer has it. */
  imported?: MadeKey | undefined;
}

/** What stands ready before a commit, and dies with an attempt that loses. */
export interface Prepared {
  /** null where no key comes in. */
  key: MadeKey | null;
  /** null in a ring without statements. */
  statement: MadeStatement | null;
  /** Signers that could not load and try the key, or were silent. */
  unready: string[];
}

/**
 * Has a key made, and a statement, and where one is to sign that did not before, its key tried by everybody, before anything
 * changes.
 */
@Injectable()
export class Preparation {
  constructor(
    private readonly leases: LeaseBook,
    private readonly signers: Signers,
    private readonly preparedKeys: PreparedKeys,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Problem UNAVAILABLE where no signer makes it, or none can load the key: nothing has changed then */
  async prepare(asked: ToPrepare): Promise<Prepared> {
    return asked.terms.introduces ? this.withNewKey(asked) : this.ofHeldKeys(asked);
  }

  /** Who could not load the key and sign by it. @throws Problem keyUnavailable where that is everybody */
  async tried(scope: Scope, { keyId, publicKey, checkValue }: HeldKey): Promise<string[]> {
    const load: LoadKey = {
      ...{ scope, key_id: keyId, public_key: publicKey, duration_ms: SIGNING_DURATION_MS },
      ...(typeof checkValue === 'string' && { check_value: checkValue }),
    };
    const holders = await this.leases.liveSigners();
    const loads = await Promise.all(holders.map((holder) => this.loads(holder, load)));
    const unready = holders.filter((_, i) => loads[i] !== true);
    if (unready.length === holders.length) throw problem('keyUnavailable', { holders });
    return unready;
  }

  private async withNewKey(asked: ToPrepare): Promise<Prepared> {
    const { scope, terms, algorithm } = asked;
    await this.preparedKeys.record(scope, terms.newKeyId);
    const request: Omit<GenerateKey, 'duration_ms'> = { ...statementRequest(asked), algorithm };
    const made = await this.signers.ask<GenerateKeyReply>(asked.authority.scope, 'generate-key', request, isMadeKey);
    const { public_key: publicKey, check_value: checkValue, statement, statement_hash: hash, next } = made;
    const key = { algorithm, publicKey, ...(checkValue !== undefined && { checkValue }) };
    return {
      key,
      statement: statement === null || hash === null ? null : { text: statement, hash, next, ...vouchedBy(asked) },
      unready: await this.tried(scope, { ...key, keyId: terms.newKeyId }),
    };
  }

  private async ofHeldKeys(asked: ToPrepare): Promise<Prepared> {
    const { scope, takesOver, imported } = asked;
    // A recommit has a key made ahead, too.
    await this.preparedKeys.record(scope);
    const request: Omit<MakeStatement, 'duration_ms'> = {
      ...statementRequest(asked),
      ...(imported?.publicKey && { imported_public_key: imported.publicKey, imported_algorithm: imported.algorithm }),
    };
    const made = await this.signers.ask<MakeStatementReply>(asked.authority.scope, 'make-statement', request, isMade);
    return {
      key: null,
      statement: { text: made.statement, hash: made.statement_hash, next: made.next, ...vouchedBy(asked) },
      unready: takesOver === null ? [] : await this.tried(scope, takesOver),
    };
  }

  private async loads(holder: string, request: LoadKey): Promise<boolean> {
    try {
      await this.signers.askThat(holder, 'load-key', request, request.duration_ms);
      return true;
    } catch (err) {
      // It is named in the reply, and gets no lease at the new epoch until it has the key.
      this.logger.warn({ err, holder, scope: request.scope, kid: request.key_id }, 'signer cannot load the new key');
      return false;
    }
  }
}

/** What they say is made sure of by those who load the key, and before the commit. */
const isMadeKey = ({ public_key, check_value, statement, statement_hash, next }: Partial<GenerateKeyReply>): boolean =>
  [public_key, statement, statement_hash, next].every((text) => text === null || typeof text === 'string') &&
  typeof check_value === (public_key === null ? 'string' : 'undefined');

const isMade = ({ statement, statement_hash, next }: Partial<MakeStatementReply>): boolean =>
  typeof statement === 'string' && typeof statement_hash === 'string' && (next === null || typeof next === 'string');

const vouchedBy = ({
  scope,
  terms: { bySuperior },
  authority,
}: ToPrepare): Pick<MadeStatement, 'bySuperior' | 'authorityEpoch'> => ({
  bySuperior,
  authorityEpoch: authority.scope === scope ? null : authority.epoch,
});

/** The domain's decision as signers are told of it. */
export const statementRequest = ({
  type,
  scope,
  epoch,
  terms,
  authority,
  openedAt,
}: Omit<ToPrepare, 'takesOver' | 'algorithm'>): Omit<StatementRequest, 'duration_ms'> => ({
  type,
  scope,
  epoch,
  authority_epoch: authority.epoch,
  ...(terms.oldKeyId === null ? {} : { old_key_id: terms.oldKeyId }),
  new_key_id: terms.newKeyId,
  opened_at: openedAt.toISOString(),
  ...(terms.closesAt === null ? {} : { closes_at: terms.closesAt.toISOString() }),
  ...(terms.transitionExpires === null ? {} : { transition_expires: terms.transitionExpires.toISOString() }),
});
