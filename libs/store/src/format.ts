import { DatabaseForm } from '@plexsphere/wire';
import { Ring1700000000001 } from './migrations/1700000000001-ring';
import { Outbox1700000000002 } from './migrations/1700000000002-outbox';
import { Access1700000000003 } from './migrations/1700000000003-access';

const MIGRATIONS = [Ring1700000000001, Outbox1700000000002, Access1700000000003];

export const STORE_FORM = new DatabaseForm('ring', MIGRATIONS, 'StoreFormat1700000000099');

/** For a service, at its start. @throws Problem databaseFormat */
export const requireStoreFormat = (database: Parameters<DatabaseForm['require']>[0]): Promise<void> =>
  STORE_FORM.require(database);
