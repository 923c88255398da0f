/**
 * The outbox relay: the outbox's reading end. Claims Nodes, has signed what they must be told, puts it on the stream,
 * marks it, sends again what is not settled, answers hellos and settles by acknowledgements. Every replica is the same.
 * It never reads key material and never changes a ring.
 */
import { runService } from '@plexsphere/service-kit';
import { openDatabase } from '@plexsphere/store';
import type { DataSource } from 'typeorm';
import { relayDatabase } from './database-options';
import { RelayConfig } from './relay-config';
import { RelayModule } from './relay.module';

let database: DataSource;

void runService({
  name: 'outbox-relay',
  config: RelayConfig,
  // A database that is down at boot is waited for, before the bus is dialled: readiness says so meanwhile.
  prepare: async ({ databaseUrl }, logger) => {
    database = await openDatabase(relayDatabase(databaseUrl, 'outbox-relay'), (reason) =>
      logger.warn({ reason }, 'database not reachable yet'),
    );
  },
  module: () => RelayModule.over(database),
  query: (statement) => database.query(statement),
});
