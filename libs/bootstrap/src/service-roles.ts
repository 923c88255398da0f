import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { Sql } from '@plexsphere/material';

const ROLES = {
  ROTATION_DATABASE_URL: 'plexsphere_rotation',
  SIGNER_DATABASE_URL: 'plexsphere_signer',
  RELAY_DATABASE_URL: 'plexsphere_relay',
} as const;

/**
 * Lets each service's role log in, by a new password. Roles belong to the whole server: a second installation on it
 * would take these away from the first.
 * @returns the text of databases.env: one line a service, for the shell
 */
export async function openRoles(owner: Sql, databaseUrl: string): Promise<string> {
  const lines: string[] = [];
  for (const [variable, role] of Object.entries(ROLES)) {
    const password = randomBytes(24).toString('base64url');
    // A utility statement takes no parameters; the verifier is base64 and needs no quoting.
    await owner.query(`ALTER ROLE ${role} LOGIN PASSWORD '${scramVerifier(password)}'`);
    lines.push(`${variable}='${urlOf(databaseUrl, role, password)}'\n`);
  }
  return lines.join('');
}

function urlOf(databaseUrl: string, role: string, password: string): string {
  const url = new URL(databaseUrl);
  url.username = role;
  url.password = password;
  // What closes the quotes of a shell: it may stand in a query of the owner's URL.
  return url.href.replaceAll("'", '%27');
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
