import { BRING_UP_FILES, problem } from '@plexsphere/wire';
import { makeAdmin } from './admin';
import { aloneOnDatabase } from './owner-database';
import { accountKey, handOver, requireInstallation, type ReissueReply } from './reissue';

export interface ReissueAdminOptions {
  databaseUrl: string;
  out: string;
  kekFile?: string | undefined;
}

/**
 * Another admin's token, for an installation whose last one has expired or is lost: every token ends, and only an admin
 * can make the next. Whoever owns the database and the key-encryption key could do all that an admin can.
 * @throws Problem notBootstrapped, databaseFormat; invariantViolation (`database_url`, `out`, `kek_file`)
 */
export const reissueAdmin = (options: ReissueAdminOptions): Promise<Omit<ReissueReply, 'service'>> =>
  aloneOnDatabase(options.databaseUrl, async (owner) => {
    await requireInstallation(owner);
    if (options.kekFile === undefined) throw problem('invariantViolation', { field: 'kek_file' });
    const account = await accountKey(owner, options.kekFile);
    return handOver(owner, options.out, async () => {
      const { id, busPublicKey, bearerHash, expiresAt, tokenFile } = await makeAdmin(account);
      const name = `admin-${id.slice(0, 8)}`;
      await owner.manager.query(
        `INSERT INTO ring.operator (id, name, role, bus_public_key, bearer_hash, expires_at)
         VALUES ($1, $2, 'admin', $3, $4, $5)`,
        [id, name, busPublicKey, bearerHash, expiresAt],
      );
      await owner.manager.query('INSERT INTO ring.bus_user VALUES ($1)', [busPublicKey]);
      return {
        files: { [BRING_UP_FILES.adminToken]: tokenFile },
        known: { operator: id, name, expires_at: expiresAt.toISOString() },
      };
    });
  });
