import { BRING_UP_FILES, problem } from '@plexsphere/wire';
import { makeAdmin } from './admin';
import { insertAdmin } from './installation';
import { aloneOnDatabase } from './owner-database';
import { accountKey, handOver, requireInstallation, type ReissueReply } from './reissue';

interface ReissueAdminOptions {
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
      const admin = makeAdmin(account);
      const name = `admin-${admin.id.slice(0, 8)}`;
      await insertAdmin(owner.manager, name, admin);
      return {
        files: { [BRING_UP_FILES.adminToken]: admin.tokenFile },
        known: { operator: admin.id, name, expires_at: admin.expiresAt.toISOString() },
      };
    });
  });
