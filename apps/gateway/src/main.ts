/**
 * The gateway: HTTP for those who are not on the bus. It shows what its views show, hands on what changes something, and
 * passes to Nodes what the stream has for them. It must not own state, have an envelope signed, or hear or speak for a
 * Node on the bus.
 */
import { runService } from '@plexsphere/service-kit';
import { openDatabase, storeOptions } from '@plexsphere/store';
import { Door } from './door/door';
import { GatewayConfig } from './gateway-config';
import { GatewayModule } from './gateway.module';
import type { DataSource } from 'typeorm';

let door: Door;
let database: DataSource;

void runService({
  name: 'gateway',
  config: GatewayConfig,
  prepare: async (config, logger) => {
    door = await Door.listen(config, logger);
    // A database that is down at boot is waited for: readiness says so meanwhile.
    database = await openDatabase(storeOptions(config.databaseUrl, 'gateway'), (reason) =>
      logger.warn({ reason }, 'database not reachable yet'),
    );
  },
  module: (config) => GatewayModule.with(config, database),
  query: (statement) => database.query(statement),
  door: () => door,
});
