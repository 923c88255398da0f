import { problem, type Sql } from '@plexsphere/wire';

/**
 * What migrations need of the owner, asked before anything is done: all that is missing at once, instead of one refusal of
 * PostgreSQL's a run.
 * @throws Problem missingPrivilege, `missing`
 */
export async function requirePrivileges(owner: Sql): Promise<void> {
  const [may] = await owner.query<{ roles: boolean; schemas: boolean; tables: boolean }[]>(
    `SELECT has_database_privilege(current_database(), 'CREATE') AS schemas,
            has_schema_privilege('public', 'CREATE') AS tables,
            (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user)
              -- Made already, so nothing is left to make: the owner of an installation may have lost the right since.
              OR to_regclass('ring.database_role') IS NOT NULL AS roles`,
  );
  const missing = [
    ...(may?.schemas ? [] : ['CREATE on the database']),
    ...(may?.tables ? [] : ['CREATE on the schema public']),
    ...(may?.roles ? [] : ['CREATEROLE']),
  ];
  if (missing.length > 0) throw problem('missingPrivilege', { missing: missing.join(', ') });
}
