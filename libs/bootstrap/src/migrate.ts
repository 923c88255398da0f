import { migrateMaterial, requireMaterialFormat } from '@plexsphere/material';
import { migrateStore, requireStoreFormat } from '@plexsphere/store';
import type { EntityManager, QueryRunner } from 'typeorm';
import { aloneOnDatabase } from './owner-database';
import { requirePrivileges } from './owner-privileges';
import { groupRole } from './service-logins';

/**
 * Applies what each schema lacks, under the owner's URL; each set is one transaction, and what is done stays done.
 * Returns the names of what it applied.
 */
export const migrate = (databaseUrl: string): Promise<string[]> =>
  aloneOnDatabase(databaseUrl, (owner) => applyMigrations(owner, databaseUrl));

/** @throws Problem databaseFormat */
export async function requireMigrated(owner: EntityManager): Promise<void> {
  await requireStoreFormat(owner);
  await requireMaterialFormat(owner);
}

/** For a caller that is alone on the database already. */
export async function applyMigrations(owner: QueryRunner, databaseUrl: string): Promise<string[]> {
  await requirePrivileges(owner.manager);
  const store = await migrateStore(databaseUrl);
  return [...store, ...(await migrateMaterial(databaseUrl, await groupRole(owner.manager, 'signer')))];
}
