import { databaseFormat, hasFormat, markFormat, requireFormat } from '@plexsphere/wire';
import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { Ring1700000000001 } from './migrations/1700000000001-ring';
import { Outbox1700000000002 } from './migrations/1700000000002-outbox';
import { Access1700000000003 } from './migrations/1700000000003-access';

/** Those that made the form which a database has. What a release adds later goes behind the mark, not in here. */
const FORM = [Ring1700000000001, Outbox1700000000002, Access1700000000003];

/** In the transaction of the others, so that no database is without its mark. */
class StoreFormat1700000000099 implements MigrationInterface {
  readonly name = 'StoreFormat1700000000099';

  async up(query: QueryRunner): Promise<void> {
    await query.query(markFormat('ring', await databaseFormat(FORM)));
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only');
  }
}

export const migrations = [...FORM, StoreFormat1700000000099];

/** For a service, at its start. @throws Problem databaseFormat */
export const requireStoreFormat = async (database: Pick<DataSource, 'query'>): Promise<void> =>
  requireFormat(database, 'ring', await databaseFormat(FORM));

/** Before migrations run. @throws Problem databaseFormat where another form is there */
export async function refuseOtherStoreFormat(database: DataSource): Promise<void> {
  await hasFormat(database, 'ring', await databaseFormat(FORM));
}
