import { Controller, Inject } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { LOGGER, validated, type Logger } from '@plexsphere/service-kit';
import { problem, subjects } from '@plexsphere/wire';
import { LoadKey, type LoadKeyReply } from '@plexsphere/wire/commands';
import { KeyLoader, KeyNotLoadable } from './keys/key-loader';
import { LeaseKeeper } from './lease/lease-keeper';

/** What rotation says to this very process as a holder of leases. */
@Controller()
export class HolderController {
  constructor(
    private readonly keeper: LeaseKeeper,
    private readonly loader: KeyLoader,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Whatever it says, the answer to a renewal is the truth; so the event's own words are not read. */
  @EventPattern(subjects.ringChanged)
  ringChanged(): void {
    this.keeper.renew();
  }

  @MessagePattern(subjects.thatSigner('*', 'load-key'), { joined: true })
  async loadKey(@Payload(validated(LoadKey)) request: LoadKey): Promise<LoadKeyReply> {
    try {
      await this.loader.prepare(request.scope, request.key_id, request.public_key);
      return { loaded: true };
    } catch (error) {
      if (!(error instanceof KeyNotLoadable)) throw error;
      const { reason, cause: err } = error;
      this.logger.error({ scope: request.scope, kid: request.key_id, reason, err }, 'prepared key not loaded');
      throw problem('keyUnavailable', { reason });
    }
  }
}
