import { DataSource } from 'typeorm';
import { grantMaterial } from './grants';
import { Material1700000000001 } from './migrations/1700000000001-material';

/**
 * Applies what is missing, all in one transaction, and then the grants to the signers' group role, under the owner's
 * URL. Returns the names of the migrations that it applied.
 */
export async function migrateMaterial(ownerUrl: string, signerRole: string): Promise<string[]> {
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
    const applied = await source.runMigrations();
    await grantMaterial(source, signerRole);
    return applied.map((migration) => migration.name);
  } finally {
    await source.destroy();
  }
}
