import { migrate } from '@plexsphere/postgres';
import { DatabaseForm, isRoleName, type Sql } from '@plexsphere/wire';
import type { DataSource } from 'typeorm';
import { MATERIAL } from './migrations/1700000000001-material';

const FORM = new DatabaseForm('material', [MATERIAL], 'MaterialFormat1700000000099');

/** For a signer, at its start. @throws Problem databaseFormat */
export const requireMaterialFormat = (database: Sql): Promise<void> => FORM.require(database);

/** As `migrate`, and grants the signers' group role what it needs. @throws Problem databaseFormat */
export const migrateMaterial = (ownerUrl: string, signerRole: string): Promise<string[]> =>
  migrate(ownerUrl, FORM, 'material_migration', (owner) => grantMaterial(owner, signerRole));

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
  GRANT EXECUTE ON FUNCTION material.forget_prepared, material.forget_ahead, material.replace_left, material.destroy,
    material.raise_horizon TO ${signer};
  GRANT SELECT ON material.token_horizon TO ${signer};
  GRANT SELECT ON material.bus_key TO ${signer};
`;
