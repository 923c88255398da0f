import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { SERVICES, type ServiceName, type Sql } from '@plexsphere/wire';

/** What the services' group role is called in this installation; it holds the grants, and cannot log in itself. */
export async function groupRole(owner: Sql, service: ServiceName): Promise<string> {
  const [row] = await owner.query<{ name: string }[]>('SELECT name FROM ring.database_role WHERE service = $1', [
    service,
  ]);
  if (row === undefined) throw new Error(`ring.database_role has no ${service}`);
  return row.name;
}

/**
 * A new login of a service: a member of its group, by a new password. A role has one password at a time, so a service
 * that is to get another one gets another login, and the one before goes on.
 * @returns the service's database URL
 */
export async function createLogin(owner: Sql, service: ServiceName, databaseUrl: string): Promise<string> {
  const group = await groupRole(owner, service);
  const login = `${group}_${(await lastGeneration(owner, group)) + 1}`;
  const password = randomBytes(24).toString('base64url');
  // A utility statement takes no parameters; the names need no quoting, and the verifier is base64.
  await owner.query(
    `CREATE ROLE ${login} LOGIN CONNECTION LIMIT ${SERVICES[service].connections} PASSWORD '${scramVerifier(password)}'
     IN ROLE ${group}`,
  );
  const url = new URL(databaseUrl);
  url.username = login;
  url.password = password;
  return url.href;
}

/** All but the newest. */
export async function olderLogins(owner: Sql, service: ServiceName): Promise<string[]> {
  const group = await groupRole(owner, service);
  const last = await lastGeneration(owner, group);
  const rows = await owner.query<{ login: string }[]>(
    `SELECT rolname AS login FROM pg_roles WHERE rolname ~ ('^' || $1 || '_[0-9]{1,9}$') AND rolname <> $1 || '_' || $2::int
     ORDER BY 1`,
    [group, last],
  );
  return rows.map(({ login }) => login);
}

async function lastGeneration(owner: Sql, group: string): Promise<number> {
  const [row] = await owner.query<{ last: number | null }[]>(
    `SELECT max(substr(rolname, length($1) + 2)::int) AS last FROM pg_roles WHERE rolname ~ ('^' || $1 || '_[0-9]{1,9}$')`,
    [group],
  );
  return row?.last ?? 0;
}

/** PostgreSQL's own count. The password has 192 random bits, so a higher one would protect nothing. */
const ITERATIONS = 4_096;

/**
 * RFC 5802, section 3, as PostgreSQL stores it. Made here, so that the password itself never reaches the server and can
 * stand in none of its logs.
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
  const hmac = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  const serverKey = hmac('Server Key').toString('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}
