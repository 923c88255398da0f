import { loadBusKey, MaterialError, readKekFile, type BusSeed } from '@plexsphere/material';
import { credentialFile, databaseUrlFile, problem, type ServiceName } from '@plexsphere/wire';
import type { QueryRunner } from 'typeorm';
import { makeCreds } from './bus';
import { insertServiceCredential, isBootstrapped, writeAudit } from './installation';
import { OutFolder } from './out-folder';
import { aloneOnDatabase } from './owner-database';
import { requireMigrated } from './migrate';
import { createLogin } from './service-logins';

interface ReissueOptions {
  databaseUrl: string;
  service: ServiceName;
  /** The folder that is made for the new files. */
  out: string;
  /** Opens the account's key, by which the bus credential is signed. Without it the database login alone is made anew. */
  kekFile?: string | undefined;
}

export interface ReissueReply {
  service: ServiceName;
  out: string;
  files: string[];
}

/**
 * Makes a service another database login and bus credential beside those that it has: both work, until `revokeOld` ends
 * the earlier ones. So a service can be moved from one to the other, replica by replica, without a moment in which it has
 * none.
 *
 * After a crash between commit and rename nobody has the secrets of what the database knows: it opens nothing, the same
 * command makes another, and `revokeOld` ends it with the rest.
 *
 * @throws Problem notBootstrapped, databaseFormat; invariantViolation (`database_url`, `out`, `kek_file`)
 */
export const reissue = (options: ReissueOptions): Promise<ReissueReply> =>
  aloneOnDatabase(options.databaseUrl, async (owner) => {
    await requireInstallation(owner);
    const { service, out } = options;
    return { service, ...(await handOver(owner, out, () => makeAnew(owner, options))) };
  });

interface Made {
  files: Record<string, string>;
  /** What may stand in the audit log. */
  known: Record<string, string>;
}

/** Writes what `make` makes, into the database in one transaction and into a folder that is there once that is committed. */
export async function handOver(
  owner: QueryRunner,
  out: string,
  make: () => Promise<Made>,
): Promise<Pick<ReissueReply, 'out' | 'files'>> {
  const folder = new OutFolder(out);
  await folder.begin();
  try {
    await owner.startTransaction();
    const { files, known } = await make();
    await folder.write(files);
    await writeAudit(owner.manager, 'reissue', known);
    await owner.commitTransaction();
    return { out: folder.path, files: await folder.publish() };
  } catch (error) {
    await folder.discard();
    throw error;
  }
}

async function makeAnew(owner: QueryRunner, { service, databaseUrl, kekFile }: ReissueOptions): Promise<Made> {
  const url = await createLogin(owner.manager, service, databaseUrl);
  const login = { files: { [databaseUrlFile(service)]: `${url}\n` }, known: { service, login: new URL(url).username } };
  if (kekFile === undefined) return login;
  const account = await accountKey(owner, kekFile);
  const { publicKey, text } = makeCreds(account, { kind: service });
  await insertServiceCredential(owner.manager, service, publicKey);
  return {
    files: { ...login.files, [credentialFile(service)]: text },
    known: { ...login.known, bus_public_key: publicKey },
  };
}

const KEK_REFUSALS: Partial<Record<string, string>> = {
  kek_missing: 'is not there',
  kek_exposed: 'may be read by others: chmod 600',
  kek_malformed: 'is no key-encryption key',
  other_kek: 'is not the one of this installation',
};

/** @throws Problem invariantViolation, field `kek_file` */
export async function accountKey(owner: QueryRunner, kekFile: string): Promise<BusSeed> {
  try {
    return await loadBusKey(owner.manager, await readKekFile(kekFile), 'account');
  } catch (error) {
    const reason = error instanceof MaterialError ? KEK_REFUSALS[error.code] : undefined;
    throw reason === undefined ? error : problem('invariantViolation', { field: 'kek_file', reason });
  }
}

/** @throws Problem notBootstrapped, databaseFormat */
export async function requireInstallation(owner: QueryRunner): Promise<void> {
  if (!(await isBootstrapped(owner.manager))) throw problem('notBootstrapped');
  await requireMigrated(owner.manager);
}
