import { problem, PROBLEMS, Problem } from '@plexsphere/wire';
import { DataSource, QueryFailedError, type QueryRunner } from 'typeorm';

/** Names the one lock that every bring-up and migration of a database takes. */
const BRING_UP_LOCK = 0x706c6578;
/** How long one waits for another to end; a bring-up takes about a second. */
const LOCK_TIMEOUT_MS = 60_000;

/**
 * Runs `work` on one connection of the owner, alone: replicas that are deployed at once may all want to migrate, and two
 * bring-ups must not both find the database empty. The lock ends with the connection, so a killed run leaves none.
 * @throws Problem invariantViolation (field `database_url`), databaseUnavailable, missingPrivilege, internal with the
 * SQLSTATE
 */
export async function aloneOnDatabase<T>(databaseUrl: string, work: (owner: QueryRunner) => Promise<T>): Promise<T> {
  const dialled = hostOf(databaseUrl);
  const source = new DataSource({ type: 'postgres', url: databaseUrl, applicationName: 'plexsphere-bring-up' });
  await source.initialize().catch((error: unknown) => {
    throw unavailable(dialled, error);
  });
  try {
    const owner = source.createQueryRunner();
    await owner.query(`SELECT set_config('lock_timeout', $1, false)`, [String(LOCK_TIMEOUT_MS)]);
    await owner.query('SELECT pg_advisory_lock($1)', [BRING_UP_LOCK]);
    return await work(owner);
  } catch (error) {
    throw error instanceof QueryFailedError ? asProblem(error, dialled) : error;
  } finally {
    // Also ends a transaction that is still open: the server rolls it back.
    await source.destroy().catch(() => undefined); // the work's own outcome says more
  }
}

/** A URL without a host (a socket) cannot carry the services' own users. Its text holds a password: never shown. */
function hostOf(databaseUrl: string): string {
  const url = URL.canParse(databaseUrl) ? new URL(databaseUrl) : undefined;
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol) || url.host === '')
    throw problem('invariantViolation', {
      field: 'database_url',
      reason: 'must be postgres://<owner>@<host>/<database>',
    });
  return url.host;
}

// SQLSTATE classes (PostgreSQL, appendix A) that tell of the way to the server and not of what was asked: connection,
// authorisation, no such database, no resources, lock not available, shut down.
const UNAVAILABLE = /^(08|28|3D|53|55|57)/;

const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * What may leave this library: typeorm's error carries the statement and its parameters, and those hold verifiers of
 * passwords and wrapped keys.
 */
function asProblem({ driverError }: QueryFailedError, dialled: string): Problem {
  const sqlstate = codeOf(driverError);
  // Without a code it is the connection that broke.
  if (sqlstate === undefined || UNAVAILABLE.test(sqlstate)) return unavailable(dialled, driverError);
  // PostgreSQL's message names the object and the right, and nothing that was asked with.
  if (sqlstate === INSUFFICIENT_PRIVILEGE) return problem('missingPrivilege', { reason: driverError.message });
  return new Problem({ ...PROBLEMS.internal, sqlstate }, { cause: new Error(driverError.message) });
}

const unavailable = (dialled: string, error: unknown): Problem =>
  problem('databaseUnavailable', { dialled, reason: codeOf(error) ?? 'connection lost' });

/** An SQLSTATE, or what the socket says: ECONNREFUSED, ENOTFOUND, … */
const codeOf = (error: unknown): string | undefined => {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
};
