/**
 * A file of this user's alone, which the party reads. It is never written to: a new one takes its name. Between the last look
 * and that rename is an instant in which somebody else's change could be lost; so its folder is nobody else's to write to.
 */
import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { nameOf, SinkError, type Place, type SinkErrorCode } from '../sink-error';
import { writeAtomically } from '@plexsphere/disk';
import { MOST_BYTES, type Found, type Replacing, type Target } from './target';

const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;
/** Not through a link at the end of the path; nor waiting for a pipe to be written to. */
const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export class FileTarget implements Target {
  constructor(
    private readonly path: string,
    private readonly place: Place,
  ) {}

  async read(): Promise<Found | undefined> {
    const file = await this.open();
    if (file === undefined) return undefined;
    try {
      // Asked of the open file and not of the path, which may name another one by now.
      return { version: await this.versionOf(file), text: await this.textOf(file) };
    } catch (error) {
      throw this.inWords(error);
    } finally {
      await file.close();
    }
  }

  async replace(text: string, { found }: Replacing): Promise<void> {
    try {
      await this.requireOwnFolder();
      await writeAtomically(this.path, text, async () => {
        if ((await this.read())?.version !== found?.version) throw this.refused('target_changed');
      });
    } catch (error) {
      throw this.inWords(error);
    }
  }

  private async open(): Promise<FileHandle | undefined> {
    try {
      return await open(this.path, READ_ONLY);
    } catch (error) {
      if (nameOf(error) === 'ENOENT') return undefined;
      throw this.inWords(error);
    }
  }

  /** @throws SinkError for anything but a file of this user's alone */
  private async versionOf(file: FileHandle): Promise<string> {
    const status = await file.stat({ bigint: true });
    if (!status.isFile()) throw this.refused('target_is_no_file');
    if (status.uid !== BigInt(process.getuid?.() ?? status.uid)) throw this.refused('target_of_another_user');
    if ((Number(status.mode) & OTHERS) !== 0) throw this.refused('target_open_to_others');
    if (status.size > MOST_BYTES) throw this.refused('too_large');
    return [status.dev, status.ino, status.size, status.mtimeNs, status.ctimeNs].join('.');
  }

  private async textOf(file: FileHandle): Promise<string> {
    const buffer = Buffer.alloc(MOST_BYTES + 1);
    let length = 0;
    for (let count = 1; count > 0 && length < buffer.length; length += count) {
      count = (await file.read(buffer, length, buffer.length - length)).bytesRead;
    }
    if (length > MOST_BYTES) throw this.refused('too_large');
    try {
      // What is not UTF-8 would come back as another text.
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(buffer.subarray(0, length));
    } catch {
      throw this.refused('target_malformed');
    }
  }

  /** Who may write to the folder may put another file in this one's place, or look at what a write leaves behind. */
  private async requireOwnFolder(): Promise<void> {
    const { mode } = await stat(dirname(this.path));
    if ((mode & OTHERS_WRITE) !== 0) throw this.refused('folder_open_to_others');
  }

  private refused(code: SinkErrorCode): SinkError {
    return new SinkError(code, this.place);
  }

  private inWords(error: unknown): SinkError {
    if (error instanceof SinkError) return error;
    const reason = nameOf(error);
    return new SinkError(CODES[reason] ?? 'target_refused', this.place, reason);
  }
}

const CODES: Readonly<Record<string, SinkErrorCode>> = {
  ELOOP: 'target_is_link',
  ENOENT: 'target_missing',
  ENOTDIR: 'target_missing',
  // Opened without waiting: a pipe nobody writes to, a socket.
  ENXIO: 'target_is_no_file',
  EISDIR: 'target_is_no_file',
  EACCES: 'target_denied',
  EPERM: 'target_denied',
  EROFS: 'target_denied',
};
