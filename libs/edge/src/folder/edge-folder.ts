/**
 * A Node's folder (0700, its files 0600), one process at a time. Every change is whole after a crash at any instant; what has to
 * hold between two files is that `pending.json` says what is under way, and goes last.
 */
import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { acquireLock, syncFolder, writeAtomically } from '@plexsphere/disk';
import { EdgeError } from '../edge-error';
import type { ArchivedKey } from '../types';
import { archivedText, isArchiveName, readArchived, type Archived } from './archive';
import { credsFileText, parseCreds, type Creds } from './creds';
import { identityText, parseIdentity, type Identity } from './identity';
import { joiningText, parseJoining, type Joining } from './joining';
import { parsePending, pendingText, type Pending } from './pending';
import { readPrivate } from './private-file';
import { fill, release, reserve } from './reserved-file';
import { FIRST_STANDING, parseStanding, standingText, type Standing } from './standing';
import { written } from './write-failure';

const FILES = {
  identity: 'identity.json',
  creds: 'node.creds',
  pending: 'pending.json',
  joining: 'joining.json',
  standing: 'standing.json',
} as const;
const ARCHIVE = 'archive';
const TRUST = 'trust';
const LOCK = 'lock';

/** The longest token, its key, and what stands around them. */
const MOST_CREDS_BYTES = 5_120;
/** Whatever stands in an archived key has a length. */
const MOST_ARCHIVED_BYTES = 512;

/** What a folder holds of a Node. */
export interface Held {
  identity: Identity;
  creds: Creds;
  pending: Pending | undefined;
  standing: Standing;
  archive: ArchivedKey[];
}

/**
 * Without the lock: what stands there at this moment; undefined where nothing is enrolled.
 * @throws EdgeError `state_damaged`, `creds_disagree`, `readable_by_others`
 */
export async function readHeld(path: string): Promise<Held | undefined> {
  // An enrolment writes it last.
  const identity = await readPrivate(join(path, FILES.identity));
  if (identity === undefined) return undefined;
  const creds = await readPrivate(join(path, FILES.creds));
  const pending = await readPrivate(join(path, FILES.pending));
  const standing = await readPrivate(join(path, FILES.standing));
  return {
    identity: parseIdentity(identity, FILES.identity),
    creds: parseCreds(creds ?? '', FILES.creds),
    pending: pending === undefined ? undefined : parsePending(pending, FILES.pending),
    standing: standing === undefined ? FIRST_STANDING : parseStanding(standing),
    archive: await readArchive(path),
  };
}

async function readArchive(path: string): Promise<ArchivedKey[]> {
  const keys: ArchivedKey[] = [];
  for (const name of await namesIn(join(path, ARCHIVE))) {
    const text = await readPrivate(join(path, ARCHIVE, name));
    const archived = text === undefined ? undefined : readArchived(text);
    if (archived !== undefined)
      keys.push({ file: join(ARCHIVE, name), generation: archived.generation, delete_at: archived.deleteAt });
  }
  return keys;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter(isArchiveName).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

export class EdgeFolder {
  private constructor(
    readonly path: string,
    private readonly unlock: () => void,
  ) {}

  /**
   * Makes it where it is missing.
   * @throws EdgeError `state_in_use`, `disk_full`, `read_only`, `store_failed`
   */
  static async open(path: string): Promise<EdgeFolder> {
    await written(makePrivate(path));
    const unlock = await written((async () => acquireLock(join(path, LOCK)))());
    if (unlock === undefined) throw new EdgeError('state_in_use', path);
    return new EdgeFolder(path, unlock);
  }

  /** Where the SDK keeps whom the Node trusts. */
  get trust(): string {
    return join(this.path, TRUST);
  }

  close(): void {
    this.unlock();
  }

  /** @throws EdgeError as `readHeld` */
  held(): Promise<Held | undefined> {
    return readHeld(this.path);
  }

  archivedKeys(): Promise<ArchivedKey[]> {
    return readArchive(this.path);
  }

  async joining(): Promise<Joining | undefined> {
    const text = await readPrivate(this.file('joining'));
    return text === undefined ? undefined : parseJoining(text, FILES.joining);
  }

  /** Before an enrolment is asked for. @throws EdgeError of a write, and then nothing is there */
  async beginJoining(joining: Joining): Promise<void> {
    await written(
      (async () => {
        await reserve(this.file('creds'), MOST_CREDS_BYTES);
        await writeAtomically(this.file('joining'), joiningText(joining));
      })(),
    );
  }

  /** The enrolment was refused, and no other asking would be answered. */
  endJoining(): Promise<void> {
    return written(this.remove('joining'));
  }

  /** Who the Node is from now on. Whatever another Node had here is put aside first, which nobody uses any more. */
  async enrol(identity: Identity, creds: Creds, joining: Joining): Promise<void> {
    await written(
      (async () => {
        // Of an enrolment that was cut short here before, the other files may be gone already.
        const earlier = await readPrivate(this.file('identity'));
        const isOther = earlier !== undefined && parseIdentity(earlier, FILES.identity).nodeId !== identity.nodeId;
        if (isOther) await this.putAside(joining.askedAt);
        await fill(this.file('creds'), credsFileText(creds));
        await writeAtomically(this.file('identity'), identityText(identity));
        await this.remove('joining');
      })(),
    );
  }

  /**
   * Before it is asked for: with room for all that its answer will make necessary.
   * @throws EdgeError of a write, and then nothing of it is there
   */
  async beginPending(pending: Pending): Promise<void> {
    try {
      await written(
        (async () => {
          await reserve(this.file('creds'), MOST_CREDS_BYTES);
          if (pending.kind === 'key-change') {
            await makePrivate(join(this.path, ARCHIVE));
            await reserve(this.archived(pending), MOST_ARCHIVED_BYTES);
          }
          await writeAtomically(this.file('pending'), pendingText(pending));
        })(),
      );
    } catch (error) {
      await this.endPending(pending).catch(() => undefined);
      throw error;
    }
  }

  /** Where the old key is, from the folder on. */
  archive(pending: Pending, archived: Archived): Promise<void> {
    return written(
      makePrivate(join(this.path, ARCHIVE)).then(() => fill(this.archived(pending), archivedText(archived))),
    );
  }

  archiveName({ askedAt }: Pending): string {
    return join(ARCHIVE, `${new Date(askedAt).toISOString()}.key`);
  }

  replaceCreds(creds: Creds): Promise<void> {
    return written(fill(this.file('creds'), credsFileText(creds)));
  }

  /** It is done with, or refused. */
  endPending(pending: Pending): Promise<void> {
    return written(
      (async () => {
        await this.remove('pending');
        await release(this.file('creds'));
        await release(this.archived(pending));
      })(),
    );
  }

  saveStanding(standing: Standing): Promise<void> {
    return written(writeAtomically(this.file('standing'), standingText(standing)));
  }

  /** Of old keys those whose time is over, by this clock. Answers which. */
  async deleteOver(now: Date): Promise<string[]> {
    const over = (await readArchive(this.path)).filter(({ delete_at }) => Date.parse(delete_at) <= now.getTime());
    for (const { file } of over) await written(rm(join(this.path, file), { force: true }));
    if (over.length > 0) await written(syncFolder(join(this.path, ARCHIVE)));
    return over.map(({ file }) => file);
  }

  /** All that the Node was here: its keys, the archived ones too, and whom it trusted. */
  async deleteAll(): Promise<void> {
    await written(
      (async () => {
        // First what makes it an enrolled Node: what is left after a crash is nobody's.
        await this.remove('identity');
        for (const name of ['creds', 'pending', 'joining', 'standing'] as const) await this.remove(name);
        await release(this.file('creds'));
        for (const name of [ARCHIVE, TRUST]) await rm(join(this.path, name), { recursive: true, force: true });
        await syncFolder(this.path);
      })(),
    );
  }

  private async putAside(askedAt: string): Promise<void> {
    const aside = join(this.path, `replaced-${new Date(askedAt).toISOString()}`);
    await makePrivate(aside);
    // The identity last: as long as it is here, so is the earlier Node.
    const names = [FILES.standing, FILES.pending, ARCHIVE, TRUST, FILES.creds, FILES.identity];
    for (const name of names) await moveIfThere(join(this.path, name), join(aside, name));
    await syncFolder(aside);
    await syncFolder(this.path);
  }

  private file(name: keyof typeof FILES): string {
    return join(this.path, FILES[name]);
  }

  private archived(pending: Pending): string {
    return join(this.path, this.archiveName(pending));
  }

  private async remove(name: keyof typeof FILES): Promise<void> {
    await rm(this.file(name), { force: true });
    await syncFolder(this.path);
  }
}

async function makePrivate(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (((await stat(path)).mode & 0o777) !== 0o700) await chmod(path, 0o700);
}

async function moveIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
