import type { EntityManager } from 'typeorm';

/** Everybody may do these in a new database, and no service needs to. */
const LARGE_OBJECTS = `(p.proname ~ '^lo_' OR p.proname IN ('loread', 'lowrite'))`;
/** With any of these whoever may log in could hold a scope for as long as it pleases: the locks belong to nobody. */
const ADVISORY_LOCKS = `p.proname ~ '^pg_(try_)?advisory_'`;

const IN_CATALOGUE = `p.pronamespace = 'pg_catalog'::regnamespace AND (${LARGE_OBJECTS} OR ${ADVISORY_LOCKS})`;

/** Those that rotation takes: they end with the transaction, so that no lock outlives the time-out of an idle one. */
const LOCKS_OF_ROTATION = [
  'pg_advisory_xact_lock(bigint)',
  'pg_try_advisory_xact_lock(bigint)',
  'pg_try_advisory_xact_lock_shared(bigint)',
];
/** Migrations and bring-up: one at a time. */
const LOCK_OF_THE_OWNER = 'pg_advisory_lock(bigint)';

/**
 * Takes from everybody what a new database gives to everybody, for this database alone, and gives rotation back the locks
 * that it works with. System functions are a superuser's: where the owner is none they stay open, which `leftOpen` says.
 * LISTEN and NOTIFY, and a login's own password and settings, nobody can take away.
 */
export async function closeDatabase(
  sql: EntityManager,
  roles: { rotation: string; outboxRelay: string; gateway: string },
): Promise<void> {
  await sql.query(`
    DO $$
    DECLARE
      routine regprocedure;
      owner name := (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database());
    BEGIN
      EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
      EXECUTE format('GRANT CONNECT ON DATABASE %I TO ${Object.values(roles).join(', ')}', current_database());
      IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN RETURN; END IF;
      FOR routine IN SELECT p.oid FROM pg_proc p WHERE ${IN_CATALOGUE} LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', routine);
      END LOOP;
      EXECUTE format('GRANT EXECUTE ON FUNCTION ${LOCK_OF_THE_OWNER} TO %I', owner);
      GRANT EXECUTE ON FUNCTION ${LOCKS_OF_ROTATION.join(', ')} TO ${roles.rotation};
    END $$`);
}

/** What everybody may still do in this database; a superuser closes it by `plexctl migrate`. */
export async function leftOpen(sql: Pick<EntityManager, 'query'>): Promise<string[]> {
  const anyOf = (routines: string): string => `EXISTS (
    SELECT FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND ${routines}
       AND has_function_privilege('public', p.oid, 'EXECUTE'))`;
  const rows = await sql.query<{ what: string }[]>(`
    SELECT what FROM (VALUES
      (1, 'connect to this database', has_database_privilege('public', current_database(), 'CONNECT')),
      (2, 'make temporary tables', has_database_privilege('public', current_database(), 'TEMPORARY')),
      (3, 'create in the schema public', has_schema_privilege('public', 'public', 'CREATE')),
      (4, 'take advisory locks', ${anyOf(ADVISORY_LOCKS)}),
      (5, 'store large objects', ${anyOf(LARGE_OBJECTS)})
    ) AS found(place, what, open) WHERE open ORDER BY place`);
  return rows.map(({ what }) => what);
}
