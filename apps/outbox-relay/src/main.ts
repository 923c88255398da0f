/**
 * The outbox relay: the outbox's reading end. Claims Nodes, has signed what they must be told, puts it on the stream,
 * marks it, sends again what is not settled, answers hellos and settles by acknowledgements. Every replica is the same.
 * It never reads key material and never changes a ring.
 */
import { runService } from '@plexsphere/service-kit';
import { openDatabase } from '@plexsphere/store';
import { DataSource } from 'typeorm';
import { RelayConfig } from './relay-config';
import { RelayModule } from './relay.module';

void runService({
  name: 'outbox-relay',
  config: RelayConfig,
  // Waited for here, in our own words and before the bus is dialled; the relay's own pool then finds it.
  prepare: async ({ databaseUrl }, logger) => {
    const found = await openDatabase(databaseUrl, 'outbox-relay', (reason) =>
      logger.warn({ reason }, 'database not reachable yet'),
    );
    await found.destroy();
  },
  module: (config) => RelayModule.with(config),
  query: (app, statement) => app.get(DataSource).query(statement),
});
