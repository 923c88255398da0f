import { connectBus, type Logger } from '@plexsphere/service-kit';
import { askPrepared, openDatabase, prepared, storeOptions } from '@plexsphere/store';
import { ACCOUNT_PUSHER_INBOX } from '@plexsphere/wire';
import type { DataSource } from 'typeorm';
import type { RotationConfig } from '../rotation-config';
import { AccountPusher, type StoredAccount } from './account-pusher';
import { BusConnections } from './bus-connections';
import { ConnectionWatch, type NameOfUser } from './connection-watch';

export interface BusAccountWork {
  pusher: AccountPusher;
  connections: BusConnections;
}

/**
 * Starts before the service's own connection is dialled, because that one is refused until the bus has the account. Has
 * its own small pool for the same reason; both live as long as the process.
 * @throws Problem databaseFormat
 */
export async function startAccountPusher(config: RotationConfig, logger: Logger): Promise<BusAccountWork> {
  const options = storeOptions(config.databaseUrl, 'rotation-account-pusher', 1);
  const database = await openDatabase(options, (reason) => logger.warn({ reason }, 'database not reachable yet'));
  const connection = await connectBus(
    config,
    {
      credentialFile: config.accountCredentialFile,
      user: { inboxPrefix: ACCOUNT_PUSHER_INBOX },
      name: 'rotation-account-pusher',
    },
    logger,
  );
  const pusher = new AccountPusher(connection, storedAccount(database), logger);
  const connections = new BusConnections();
  const { publicKey } = await storedAccount(database).read();
  const watch = new ConnectionWatch(connection, publicKey, connections, nameOfUser(database), logger);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      void watch.stop();
      void pusher.stop();
    });
  }
  pusher.start();
  watch.start();
  return { pusher, connections };
}

/** Services are not found here: their replicas share one credential. */
const nameOfUser =
  (database: DataSource): NameOfUser =>
  async (publicKey) => {
    const [user] = await database.query<{ kind: 'node' | 'operator'; name: string }[]>(
      `SELECT 'node' AS kind, name FROM ring.node WHERE bus_public_key = $1
        UNION ALL SELECT 'operator', name FROM ring.operator WHERE bus_public_key = $1`,
      [publicKey],
    );
    return user;
  };

const REVISION = `bus_account_signed_at::text AS revision`;
/** Looked at all the time. */
const READ_REVISION = prepared(`SELECT ${REVISION} FROM ring.installation`);

function storedAccount(database: DataSource): StoredAccount {
  const select = async <Row>(columns: string): Promise<Row> => {
    const [row] = await database.query<[Row]>(`SELECT ${columns} FROM ring.installation`);
    return row;
  };
  return {
    read: () => select(`bus_account_public_key AS "publicKey", bus_account_jwt AS jwt, ${REVISION}`),
    revision: async () => {
      const [row] = await askPrepared<{ revision: string }>(database, READ_REVISION, []);
      return row?.revision ?? '';
    },
  };
}
