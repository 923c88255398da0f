/**
 * The outbox relay: the outbox's reading end. Claims Nodes, has signed what they must be told, puts it on the stream,
 * marks it, sends again what is not settled, answers hellos and settles by acknowledgements. Every replica is the same.
 * It never reads key material and never changes a ring.
 */
import { runService } from '@plexsphere/service-kit';
import { requireStoreFormat } from '@plexsphere/store';
import { DataSource } from 'typeorm';
import { RelayConfig } from './relay-config';
import { RelayModule } from './relay.module';

void runService({
  name: 'outbox-relay',
  config: RelayConfig,
  module: (config) => RelayModule.with(config),
  checkDatabase: (app) => requireStoreFormat(app.get(DataSource)),
  forbidden: {
    statement: 'SELECT FROM material.wrapped_key LIMIT 0',
    run: (app, statement) => app.get(DataSource).query(statement),
  },
});
