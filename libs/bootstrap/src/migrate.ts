import { migrateMaterial } from '@plexsphere/material';
import { migrateStore } from '@plexsphere/store';
import { aloneOnDatabase } from './owner-database';

/**
 * Applies what each schema lacks, under the owner's URL; each set is one transaction, and what is done stays done.
 * Returns the names of what it applied.
 */
export const migrate = (databaseUrl: string): Promise<string[]> =>
  aloneOnDatabase(databaseUrl, () => applyMigrations(databaseUrl));

/** For a caller that is alone on the database already. */
export const applyMigrations = async (databaseUrl: string): Promise<string[]> => [
  ...(await migrateStore(databaseUrl)),
  ...(await migrateMaterial(databaseUrl)),
];
