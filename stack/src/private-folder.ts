import { chown, mkdtemp, mkdir, readlink, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { User } from './unprivileged-user';

const PREFIX = 'plexsphere-data-';

/** Where Linux keeps files in memory. */
export const IN_MEMORY = '/dev/shm';

/**
 * A 0700 folder of `user`, reached as `path`. For another user it lies where that user can go, and `path` is a link to
 * it: the folders above `path` may be closed to them. It lies in memory, too, where that is asked for.
 */
export async function createPrivateFolder(path: string, user: User | undefined, inMemory = false): Promise<void> {
  if (!user && !inMemory) {
    await mkdir(path, { mode: 0o700 });
    return;
  }
  // /var/tmp before the other: the data is to outlive a reboot.
  const parent = inMemory ? IN_MEMORY : '/var/tmp';
  const folder = await mkdtemp(join(parent, PREFIX)).catch(() => mkdtemp(join(tmpdir(), PREFIX)));
  if (user) await chown(folder, user.uid, user.gid);
  await symlink(folder, path);
}

/** Removes the folder, also where `path` is a link to it. Nothing there is fine. */
export async function removePrivateFolder(path: string): Promise<void> {
  const target = await readlink(path).catch(() => undefined);
  // The name is checked so that a link that somebody put there never has us delete something else.
  if (
    target !== undefined &&
    basename(target).startsWith(PREFIX) &&
    [IN_MEMORY, '/var/tmp', tmpdir()].includes(dirname(target))
  )
    await rm(target, { recursive: true, force: true });
  await rm(path, { recursive: true, force: true });
}
