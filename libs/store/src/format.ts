import { DatabaseForm, type Sql } from '@plexsphere/wire';
import { RING } from './migrations/1700000000001-ring';
import { OUTBOX } from './migrations/1700000000002-outbox';
import { ACCESS } from './migrations/1700000000003-access';
import { SCHEDULE } from './migrations/1700000000004-schedule';
import { GATEWAY } from './migrations/1700000000005-gateway';
import { ISSUER } from './migrations/1700000000006-issuer';
import { CLIENT } from './migrations/1700000000007-client';
import { CHANNEL } from './migrations/1700000000008-channel';
import { NODE_KEY } from './migrations/1700000000009-node-key';
import { DUE } from './migrations/1700000000010-due';
import { KEY_MESSAGE } from './migrations/1700000000011-key-message';
import { ONE_WAY } from './migrations/1700000000012-one-way';

/** In their order. */
export const MIGRATIONS = [
  RING,
  OUTBOX,
  ACCESS,
  SCHEDULE,
  GATEWAY,
  ISSUER,
  CLIENT,
  CHANNEL,
  NODE_KEY,
  DUE,
  KEY_MESSAGE,
  ONE_WAY,
];
export const FORM = new DatabaseForm('ring', MIGRATIONS, 'StoreFormat1700000000099');

/** For a service, at its start. @throws Problem databaseFormat */
export const requireStoreFormat = (database: Sql): Promise<void> => FORM.require(database);
