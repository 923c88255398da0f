/**
 * The gateway: HTTP for those who are not on the bus. It shows what its views show, hands on what changes something, and
 * passes to Nodes what the stream has for them. It must not own state, have an envelope signed, or hear or speak for a
 * Node on the bus.
 */
import { setFlagsFromString } from 'node:v8';
import { runService } from '@plexsphere/service-kit';
import { openConnections } from '@plexsphere/store/sql';
import { Door } from './door/door';
import { GatewayConfig } from './gateway-config';
import { GatewayModule } from './gateway.module';
import type { Pool } from 'pg';

/**
 * By how much the heap may grow beyond what was alive in it, in percent, before V8 looks for what is not: a stream lives for
 * half a minute, longer than what is young, so with thousands of them that come and go there was as much dead as alive. The
 * price is that it looks more often; a heap of a few MiB is left as it is, since any may grow by eight.
 *
 * Set here, so that it holds however the process is begun. Most flags must not be set once V8 runs; this one is read anew
 * whenever a full collection has ended and the next limit is reckoned, and nothing else goes by it.
 */
const HEAP_GROWTH = 30;

setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH}`);

let door: Door;
let database: Pool;

void runService({
  name: 'gateway',
  config: GatewayConfig,
  prepare: async (config, logger) => {
    door = await Door.listen(config, logger);
    // A database that is down at boot is waited for: readiness says so meanwhile.
    database = await openConnections(config.databaseUrl, 'gateway', (reason) =>
      logger.warn({ reason }, 'database not reachable yet'),
    );
  },
  module: (config) => GatewayModule.with(config, database),
  query: (statement) => database.query(statement),
  door: () => door,
});
