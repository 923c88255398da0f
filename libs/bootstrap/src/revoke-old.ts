import { problem, type ServiceName, type Sql } from '@plexsphere/wire';
import type { QueryRunner } from 'typeorm';
import { aloneOnDatabase } from './owner-database';
import { writeAudit } from './installation';
import { requireInstallation } from './reissue';
import { olderLogins } from './service-logins';

interface RevokeOldOptions {
  databaseUrl: string;
  service: ServiceName;
  /** Also where the earlier login is in use: its connections are cut. */
  force: boolean;
}

export interface RevokeOldReply {
  service: ServiceName;
  logins: string[];
  bus_public_keys: string[];
}

/**
 * Ends every login and bus credential of the service but the newest. A login that somebody is connected by is refused to
 * be ended, unless forced: that replica has not been given the new one. The bus tells nobody who is connected: it cuts
 * them, and who has the new credential comes back by it.
 *
 * @throws Problem notBootstrapped, databaseFormat, credentialInUse; invariantViolation (`database_url`)
 */
export const revokeOld = (options: RevokeOldOptions): Promise<RevokeOldReply> =>
  aloneOnDatabase(options.databaseUrl, async (owner) => {
    await requireInstallation(owner);
    const { service, force } = options;
    const logins = await olderLogins(owner.manager, service);
    if (!force) await requireUnused(owner.manager, logins);
    await owner.startTransaction();
    const keys = await revokeBusKeys(owner, service);
    for (const login of logins) await owner.query(`ALTER ROLE ${login} NOLOGIN`);
    if (logins.length + keys.length > 0)
      await writeAudit(owner.manager, 'revoke-old', { service, logins, bus_public_keys: keys });
    await owner.commitTransaction();
    // Nobody comes in by them any more, so who is cut now stays out, and nobody holds what is dropped.
    for (const login of logins) await drop(owner, login);
    return { service, logins, bus_public_keys: keys };
  });

/** @throws Problem credentialInUse */
async function requireUnused(owner: Sql, logins: readonly string[]): Promise<void> {
  const users = await owner.query<{ who: string }[]>(
    `SELECT DISTINCT format('%s by %s', application_name, usename) AS who FROM pg_stat_activity WHERE usename = ANY ($1)`,
    [logins],
  );
  if (users.length > 0) throw problem('credentialInUse', { used: users.map(({ who }) => who).join(', ') });
}

async function drop(owner: QueryRunner, login: string): Promise<void> {
  // To end another's connection takes that role's rights, which whoever made it may give to itself (PostgreSQL 16).
  await owner.query(`GRANT ${login} TO CURRENT_USER`);
  await owner.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = $1', [login]);
  await owner.query(`DROP ROLE ${login}`);
}

/** Rotation has the account signed with what stands here, and gives it to the bus within seconds, or when it starts. */
async function revokeBusKeys(owner: QueryRunner, service: ServiceName): Promise<string[]> {
  const rows = await owner.manager.query<{ key: string }[]>(
    `WITH ended AS (
       UPDATE ring.service_credential SET revoked_at = clock_timestamp()
       WHERE service = $1 AND revoked_at IS NULL AND bus_public_key <> (
         SELECT bus_public_key FROM ring.service_credential WHERE service = $1 ORDER BY issued_at DESC LIMIT 1)
       RETURNING bus_public_key, revoked_at
     ), told AS (
       INSERT INTO ring.bus_revocation (public_key, kind, revoked_at)
       SELECT bus_public_key, 'service', revoked_at FROM ended
     )
     SELECT bus_public_key AS key FROM ended ORDER BY 1`,
    [service],
  );
  return rows.map(({ key }) => key);
}
