import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { storeOptions } from '@plexsphere/store';
import type { RelayConfig } from './relay-config';
import { relayParts } from './relay-parts';

@Module({})
export class RelayModule {
  static with(config: RelayConfig): DynamicModule {
    return {
      module: RelayModule,
      imports: [
        TypeOrmModule.forRoot({
          ...storeOptions(config.databaseUrl, 'outbox-relay'),
          // A database that is down at boot is waited for: readiness says so meanwhile.
          retryAttempts: Number.MAX_SAFE_INTEGER,
          retryDelay: 500,
        }),
      ],
      ...relayParts,
    };
  }
}
