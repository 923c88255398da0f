/**
 * Rotation owns key-ring state: rings, transitions, leases, Nodes, audit log, and the outbox's writing end. It is the
 * only writer of them, and never holds a private key.
 */
import { ConfigError, runService, type Logger } from '@plexsphere/service-kit';
import { DataSource } from 'typeorm';
import { startAccountPusher, type BusAccountWork } from './bus-account/start-account-pusher';
import { RotationConfig, forbidsBringUp } from './rotation-config';
import { RotationModule } from './rotation.module';

let busAccount: BusAccountWork;

async function prepare(config: RotationConfig, logger: Logger): Promise<void> {
  const [reason] = forbidsBringUp(config);
  if (reason !== undefined) throw new ConfigError(reason);
  busAccount = await startAccountPusher(config, logger);
}

void runService({
  name: 'rotation',
  config: RotationConfig,
  prepare,
  module: (config) => RotationModule.with(config, busAccount),
  query: (app, statement) => app.get(DataSource).query(statement),
});
