import { Inject, Injectable } from '@nestjs/common';
import { scopePolicy } from '@plexsphere/keyring';
import { Bus, LOGGER, type Logger } from '@plexsphere/service-kit';
import { SIGNING_DURATION_MS, problem, scopeKind, subjects, type AlgorithmName, type Scope } from '@plexsphere/wire';
import type { GenerateKey, GenerateKeyReply, LoadKey, LoadKeyReply } from '@plexsphere/wire/commands';
import { LeaseBook } from '../leases/lease-book';
import { Signers } from '../leases/signers';
import type { NewKey, NewRingChange } from '../rings/write-ring';
import { PreparedKeys } from './prepared-keys';

/** What stands ready before a commit, and dies with an attempt that loses. */
export interface Prepared {
  key: NewKey;
  statement: NewRingChange['statement'];
  /** Signers that have loaded and tried the key, and those that could not or were silent. */
  ready: string[];
  unready: string[];
}

/** Has a new key made and tried before anything changes. */
@Injectable()
export class Preparation {
  constructor(
    private readonly bus: Bus,
    private readonly leases: LeaseBook,
    private readonly signers: Signers,
    private readonly preparedKeys: PreparedKeys,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Problem UNAVAILABLE where no signer makes the key, or none can load it: nothing has changed then */
  async prepare(authority: Scope, request: Omit<GenerateKey, 'duration_ms' | 'algorithm'>): Promise<Prepared> {
    const algorithm = scopePolicy(scopeKind(request.scope)).algorithm as AlgorithmName;
    await this.preparedKeys.record(request.scope, request.new_key_id);
    const { public_key, statement, statement_hash } = await this.signers.ask<GenerateKeyReply>(
      authority,
      'generate-key',
      { ...request, algorithm },
    );
    const holders = await this.leases.liveSigners();
    const loads = await Promise.all(
      holders.map((holder) =>
        this.loads(holder, {
          scope: request.scope,
          key_id: request.new_key_id,
          public_key,
          duration_ms: SIGNING_DURATION_MS,
        }),
      ),
    );
    const ready = holders.filter((_, i) => loads[i] === true);
    const unready = holders.filter((_, i) => loads[i] !== true);
    if (ready.length === 0) throw problem('keyUnavailable', { holders });
    return {
      key: { keyId: request.new_key_id, algorithm, publicKey: public_key },
      statement: statement === null || statement_hash === null ? null : { text: statement, hash: statement_hash },
      ready,
      unready,
    };
  }

  private async loads(holder: string, request: LoadKey): Promise<boolean> {
    try {
      await this.bus.request<LoadKeyReply>(subjects.thatSigner(holder, 'load-key'), request, {
        timeoutMs: request.duration_ms,
        unavailable: 'noSigner',
      });
      return true;
    } catch (err) {
      // It is named in the reply, and gets no lease at the new epoch until it has the key.
      this.logger.warn({ err, holder, scope: request.scope, kid: request.key_id }, 'signer cannot load the new key');
      return false;
    }
  }
}
