import { databaseFormat, hasFormat, markFormat, requireFormat } from '@plexsphere/wire';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Material1700000000001 } from './migrations/1700000000001-material';
import type { Sql } from './key-store';

/** Those that made the form which a database has. What a release adds later goes behind the mark, not in here. */
const FORM = [Material1700000000001];

/** In the transaction of the others, so that no database is without its mark. */
class MaterialFormat1700000000099 implements MigrationInterface {
  readonly name = 'MaterialFormat1700000000099';

  async up(query: QueryRunner): Promise<void> {
    await query.query(markFormat('material', await databaseFormat(FORM)));
  }

  async down(): Promise<void> {
    throw new Error('migrations go forward only');
  }
}

export const migrations = [...FORM, MaterialFormat1700000000099];

/** For a signer, at its start. @throws Problem databaseFormat */
export const requireMaterialFormat = async (database: Sql): Promise<void> =>
  requireFormat(database, 'material', await databaseFormat(FORM));

/** Before migrations run. @throws Problem databaseFormat where another form is there */
export async function refuseOtherMaterialFormat(database: Sql): Promise<void> {
  await hasFormat(database, 'material', await databaseFormat(FORM));
}
