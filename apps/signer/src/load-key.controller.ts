import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { NotLoadable } from '@plexsphere/lease-holder';
import { LOGGER, validated, type Logger } from '@plexsphere/service-kit';
import { problem, subjects } from '@plexsphere/wire';
import { LoadKey } from '@plexsphere/wire/commands';
import { KeyLoader } from './keys/key-loader';

/** What rotation says to this very signer: the key that the next ring may bring is tried before anything is committed. */
@Controller()
export class LoadKeyController {
  constructor(
    private readonly loader: KeyLoader,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @MessagePattern(subjects.thatSigner('*', 'load-key'), { joined: true })
  async loadKey(@Payload(validated(LoadKey)) request: LoadKey): Promise<{ loaded: true }> {
    try {
      await this.loader.prepare(request.scope, request.key_id, request);
      return { loaded: true };
    } catch (error) {
      if (!(error instanceof NotLoadable)) throw error;
      const { reason, cause: err } = error;
      this.logger.error({ scope: request.scope, kid: request.key_id, reason, err }, 'prepared key not loaded');
      throw problem('keyUnavailable', { reason });
    }
  }
}
