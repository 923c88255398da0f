import { isRoleName } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import { MATERIAL_FORM } from './format';

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
    migrations: MATERIAL_FORM.migrations,
    migrationsTableName: 'material_migration',
    migrationsTransactionMode: 'all',
  });
  await source.initialize();
  try {
    await MATERIAL_FORM.refuseOther(source);
    const applied = await source.runMigrations();
    await grantMaterial(source, signerRole);
    return applied.map((migration) => migration.name);
  } finally {
    await source.destroy();
  }
}

/**
 * Grants the signers' group role what it needs and nothing else. The name is the installation's own, since roles belong
 * to the whole server.
 */
async function grantMaterial(owner: DataSource, signer: string): Promise<void> {
  // Stands in statements that take no parameters: only what needs no quoting is a role of ours.
  if (!isRoleName(signer)) throw new Error('not a role of this product');
  await owner.transaction((sql) => sql.query(grants(signer)));
}

const grants = (signer: string): string => `
  DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${signer}') THEN CREATE ROLE ${signer} NOLOGIN; END IF;
  END $$;
  REVOKE ALL ON SCHEMA material FROM PUBLIC, ${signer};
  REVOKE ALL ON ALL TABLES IN SCHEMA material FROM ${signer};
  DO $$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO ${signer}', current_database()); END $$;

  GRANT USAGE ON SCHEMA material TO ${signer};
  GRANT SELECT, INSERT, UPDATE (nonce, ciphertext, prepared_at, destroyed_at) ON material.wrapped_key TO ${signer};
  GRANT EXECUTE ON FUNCTION material.forget_prepared TO ${signer};
  GRANT SELECT ON material.bus_key TO ${signer};
`;
