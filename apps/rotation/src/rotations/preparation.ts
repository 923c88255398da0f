import { Inject, Injectable } from '@nestjs/common';
import { Bus, LOGGER, type Logger } from '@plexsphere/service-kit';
import { SIGNING_DURATION_MS, problem, subjects, type Scope } from '@plexsphere/wire';
import type { GenerateKey, GenerateKeyReply, LoadKey, LoadKeyReply } from '@plexsphere/wire/commands';
import { LeaseBook } from '../leases/lease-book';
import { Signers } from '../leases/signers';
import { PreparedKeys } from './prepared-keys';

/** What stands ready before a commit, and dies with an attempt that loses. */
export interface Prepared extends GenerateKeyReply {
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
  async prepare(authority: Scope, request: Omit<GenerateKey, 'duration_ms'>): Promise<Prepared> {
    await this.preparedKeys.record(request.scope, request.new_key_id);
    const made = await this.signers.ask<GenerateKeyReply>(authority, 'generate-key', request);
    const holders = await this.leases.liveSigners();
    const loads = await Promise.all(
      holders.map((holder) =>
        this.loads(holder, {
          scope: request.scope,
          key_id: request.new_key_id,
          public_key: made.public_key,
          duration_ms: SIGNING_DURATION_MS,
        }),
      ),
    );
    const ready = holders.filter((_, i) => loads[i] === true);
    const unready = holders.filter((_, i) => loads[i] !== true);
    if (ready.length === 0) throw problem('keyUnavailable', { holders });
    return { ...made, ready, unready };
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
