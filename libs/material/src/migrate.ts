import { DataSource } from 'typeorm';
import { migrations, refuseOtherMaterialFormat } from './format';
import { grantMaterial } from './grants';

/**
 * Applies what is missing, all in one transaction, and then the grants to the signers' group role, under the owner's
 * URL. Returns the names of the migrations that it applied.
 * @throws Problem databaseFormat
 */
export async function migrateMaterial(ownerUrl: string, signerRole: string): Promise<string[]> {
  const source = new DataSource({
    type: 'postgres',
    url: ownerUrl,
    applicationName: 'plexsphere-migrate',
    migrations,
    migrationsTableName: 'material_migration',
    migrationsTransactionMode: 'all',
  });
  await source.initialize();
  try {
    await refuseOtherMaterialFormat(source);
    const applied = await source.runMigrations();
    await grantMaterial(source, signerRole);
    return applied.map((migration) => migration.name);
  } finally {
    await source.destroy();
  }
}
