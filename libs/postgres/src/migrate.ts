import type { DatabaseForm } from '@plexsphere/wire';
import { DataSource } from 'typeorm';

/**
 * Applies what is missing of a schema's form, all in one transaction, and then the grants, under the owner's URL. Returns
 * the names of the migrations that it applied, which the table of that name remembers.
 * @throws Problem databaseFormat
 */
export async function migrate(
  ownerUrl: string,
  form: DatabaseForm,
  migrationsTableName: string,
  grant: (owner: DataSource) => Promise<unknown>,
): Promise<string[]> {
  const source = new DataSource({
    type: 'postgres',
    url: ownerUrl,
    applicationName: 'plexsphere-migrate',
    migrations: form.migrations,
    migrationsTableName,
    migrationsTransactionMode: 'all',
  });
  await source.initialize();
  try {
    await form.refuseOther(source);
    const applied = await source.runMigrations();
    await grant(source);
    return applied.map((migration) => migration.name);
  } finally {
    await source.destroy();
  }
}
