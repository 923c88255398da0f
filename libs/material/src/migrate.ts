import { DataSource } from 'typeorm';
import { Material1700000000001 } from './migrations/1700000000001-material';

/** Applies what is missing, all in one transaction, under the owner's URL. Returns the names of what it applied. */
export async function migrateMaterial(ownerUrl: string): Promise<string[]> {
  const source = new DataSource({
    type: 'postgres',
    url: ownerUrl,
    applicationName: 'plexsphere-migrate',
    migrations: [Material1700000000001],
    migrationsTableName: 'material_migration',
    migrationsTransactionMode: 'all',
  });
  await source.initialize();
  try {
    return (await source.runMigrations()).map((migration) => migration.name);
  } finally {
    await source.destroy();
  }
}
