/**
 * Rotation owns key-ring state: rings, transitions, leases, Nodes, audit log, and the outbox's writing end. It is the
 * only writer of them, and never holds a private key.
 */
import { ConfigError, runService, type Logger } from '@plexsphere/service-kit';
import { startAccountPusher, type BusAccountWork } from './bus-account/start-account-pusher';
import { RotationConfig, forbidsBringUp } from './rotation-config';
import { RotationModule } from './rotation.module';
import { openPools, type Pools } from './transactions/pools';

let busAccount: BusAccountWork;
let pools: Pools;

async function prepare(config: RotationConfig, logger: Logger): Promise<void> {
  const [reason] = forbidsBringUp(config);
  if (reason !== undefined) throw new ConfigError(reason);
  busAccount = await startAccountPusher(config, logger);
  pools = await openPools(config, logger);
}

void runService({
  name: 'rotation',
  config: RotationConfig,
  prepare,
  module: () => RotationModule.with(busAccount, pools),
  query: (statement) => pools.database.query(statement),
});
