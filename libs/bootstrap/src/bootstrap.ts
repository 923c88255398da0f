import { createKekFile } from '@plexsphere/material';
import { leftOpen } from '@plexsphere/store';
import { BRING_UP_FILES as FILES, databaseUrlFile, problem, SERVICE_NAMES } from '@plexsphere/wire';
import type { QueryRunner } from 'typeorm';
import { adminOf, makeAdmin } from './admin';
import { makeBus } from './bus';
import { isBootstrapped, knowsAdmin, PLATFORM_KEY_ID, storeInstallation } from './installation';
import { applyMigrations } from './migrate';
import { OutFolder } from './out-folder';
import { aloneOnDatabase } from './owner-database';
import { makeRecoveryKey } from './recovery-key';
import { createLogin } from './service-logins';

export interface BootstrapOptions {
  /** The owner's, with a host. */
  databaseUrl: string;
  /** The folder that is made; it may be there if it is empty. */
  out: string;
}

/** What was made, and nothing secret of it. */
export interface BootstrapReply {
  out: string;
  files: string[];
  admin: string;
  platform_key_id: string;
  recovery_public_key: string;
  bus_account_public_key: string;
  migrations: string[];
  /** What every role of the server may still do in this database: its owner is no superuser, who alone can close it. */
  left_open: string[];
  /** This run only handed over what an earlier one had made when it was cut off. */
  resumed: boolean;
}

/**
 * Brings a new installation up, all or nothing. Database and file system commit apart, so their order is what makes any
 * crash harmless; the same command may be repeated until it says that it is done:
 *
 * 1. migrations: repeatable, and empty tables are no installation;
 * 2. in one open transaction the rows; meanwhile every file into the draft `<out>.unfinished`, flushed to the disk.
 *    A crash up to here rolls the rows back. The draft that is left opens nothing, and the next run deletes it;
 * 3. commit: from here on the draft holds the only copy of the secrets, and it is complete;
 * 4. rename the draft to `<out>`. After a crash between 3 and 4 (or a commit whose answer was lost) the next run finds
 *    an installation whose admin is the one in the draft's token file, and does only the rename.
 *
 * @throws Problem alreadyBootstrapped; invariantViolation (`database_url`, `out`); databaseUnavailable; internal with the SQLSTATE
 */
export const bootstrap = (options: BootstrapOptions): Promise<BootstrapReply> =>
  aloneOnDatabase(options.databaseUrl, async (owner) => {
    const folder = new OutFolder(options.out);
    const bootstrapped = await isBootstrapped(owner.manager);
    if (bootstrapped && !(await isDraftOf(owner, folder))) throw problem('alreadyBootstrapped');
    const migrations = bootstrapped ? [] : await bringUp(owner, folder, options);
    const files = await folder.publish();
    return { out: folder.path, files, ...(await describe(owner)), migrations, resumed: bootstrapped };
  });

async function isDraftOf(owner: QueryRunner, folder: OutFolder): Promise<boolean> {
  const admin = adminOf((await folder.read(FILES.adminToken)) ?? '');
  return admin !== undefined && knowsAdmin(owner.manager, admin);
}

async function bringUp(owner: QueryRunner, folder: OutFolder, options: BootstrapOptions): Promise<string[]> {
  const recovery = await makeRecoveryKey();
  await folder.begin();
  let committing = false;
  try {
    const migrations = await applyMigrations(owner, options.databaseUrl);
    const kek = await createKekFile(folder.at(FILES.kek));
    const bus = makeBus();
    const admin = makeAdmin(bus.account);
    await owner.startTransaction();
    await storeInstallation(owner.manager, { kek, bus, recovery, admin });
    await folder.write({
      ...bus.files,
      ...(await databaseUrls(owner, options.databaseUrl)),
      [FILES.adminToken]: admin.tokenFile,
      [FILES.recoveryKey]: recovery.file,
      [FILES.recoveryPassphrase]: `${recovery.passphrase}\n`,
    });
    committing = true;
    await owner.commitTransaction();
    return migrations;
  } catch (error) {
    // A commit that failed may have happened all the same: its draft stays, and the next run finds out.
    if (!committing) await folder.discard();
    throw error;
  }
}

async function databaseUrls(owner: QueryRunner, ownerUrl: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const service of SERVICE_NAMES)
    files[databaseUrlFile(service)] = `${await createLogin(owner.manager, service, ownerUrl)}\n`;
  return files;
}

type Description = Pick<
  BootstrapReply,
  'admin' | 'platform_key_id' | 'recovery_public_key' | 'bus_account_public_key' | 'left_open'
>;

async function describe(owner: QueryRunner): Promise<Description> {
  const [row] = await owner.manager.query<Omit<Description, 'platform_key_id' | 'left_open'>[]>(
    `SELECT o.id AS admin, i.recovery_public_key, i.bus_account_public_key
     FROM ring.installation i, ring.operator o WHERE o.role = 'admin' ORDER BY o.created_at LIMIT 1`,
  );
  if (row === undefined) throw problem('internal');
  return { ...row, platform_key_id: PLATFORM_KEY_ID, left_open: await leftOpen(owner.manager) };
}
