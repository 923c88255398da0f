import { Inject, Injectable } from '@nestjs/common';
import { scopePolicy, type KeyRing } from '@plexsphere/keyring';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import type { MadeKey, MadeStatement } from '@plexsphere/store';
import { SIGNING_DURATION_MS, problem, scopeKind, type AlgorithmName, type Scope } from '@plexsphere/wire';
import type { GenerateKey, GenerateKeyReply, LoadKey } from '@plexsphere/wire/commands';
import { LeaseBook } from '../leases/lease-book';
import { Signers } from '../leases/signers';
import { PreparedKeys } from './prepared-keys';

/** A key that a ring is to get, and the change that its statement is to tell of. */
export interface KeyToPrepare {
  type: GenerateKey['type'];
  scope: Scope;
  /** The one that the change will make. */
  epoch: number;
  newKeyId: string;
  /** The ring whose active key vouches for it. */
  authority: Pick<KeyRing, 'scope' | 'epoch'>;
  openedAt: Date;
  /** Of a rotation. */
  ends?: { closesAt: Date; transitionExpires: Date };
}

/** What stands ready before a commit, and dies with an attempt that loses. */
export interface Prepared {
  key: MadeKey;
  /** null in a ring without statements. */
  statement: MadeStatement | null;
  /** Signers that could not load and try the key, or were silent. */
  unready: string[];
}

/** Has a new key made and tried before anything changes. */
@Injectable()
export class Preparation {
  constructor(
    private readonly leases: LeaseBook,
    private readonly signers: Signers,
    private readonly preparedKeys: PreparedKeys,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Problem UNAVAILABLE where no signer makes the key, or none can load it: nothing has changed then */
  async prepare(key: KeyToPrepare): Promise<Prepared> {
    await this.preparedKeys.record(key.scope, key.newKeyId);
    const algorithm = scopePolicy(scopeKind(key.scope)).algorithm as AlgorithmName;
    const { public_key, statement, statement_hash } = await this.signers.ask<GenerateKeyReply>(
      key.authority.scope,
      'generate-key',
      generateRequest(key, algorithm),
      isMadeKey,
    );
    const load: LoadKey = {
      scope: key.scope,
      key_id: key.newKeyId,
      public_key,
      duration_ms: SIGNING_DURATION_MS,
    };
    const holders = await this.leases.liveSigners();
    const loads = await Promise.all(holders.map((holder) => this.loads(holder, load)));
    const unready = holders.filter((_, i) => loads[i] !== true);
    if (unready.length === holders.length) throw problem('keyUnavailable', { holders });
    return {
      key: { algorithm, publicKey: public_key },
      statement: statement === null || statement_hash === null ? null : { text: statement, hash: statement_hash },
      unready,
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

/** What it says is made sure of by those who load the key. */
const isMadeKey = ({ public_key, statement, statement_hash }: Partial<GenerateKeyReply>): boolean =>
  [public_key, statement, statement_hash].every((text) => text === null || typeof text === 'string');

const generateRequest = (key: KeyToPrepare, algorithm: AlgorithmName): Omit<GenerateKey, 'duration_ms'> => ({
  type: key.type,
  scope: key.scope,
  epoch: key.epoch,
  authority_epoch: key.authority.epoch,
  new_key_id: key.newKeyId,
  algorithm,
  opened_at: key.openedAt.toISOString(),
  ...(key.ends === undefined
    ? {}
    : {
        closes_at: key.ends.closesAt.toISOString(),
        transition_expires: key.ends.transitionExpires.toISOString(),
      }),
});
