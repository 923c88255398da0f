/**
 * A file that is written whole and then grows by lines, for what changes often by little: a line is written and synced where
 * it stands, which takes as long however much is kept. One writer at a time.
 */
import type { FileHandle } from 'node:fs/promises';
import { openReplaced } from './atomic-file';
import { journalLine } from './journal-text';

/** Lines may outgrow what was written whole by this much, in bytes: so that little that is kept is not written all the time. */
const ROOM_BYTES = 65_536;

interface Growing {
  file: FileHandle;
  /** Of the last line. */
  checksum: string;
  /** That may still be added, in bytes. */
  room: number;
}

export class Journal {
  private growing: Growing | undefined;

  constructor(private readonly path: string) {}

  /**
   * False until it was written whole here, after a write that failed, since nobody knows what of that is there; and when the
   * lines have outgrown the whole, so that it is never more than about twice as long.
   */
  get takesLines(): boolean {
    return this.growing !== undefined && this.growing.room > 0;
  }

  /** By a file of this one line; whoever reads finds all of the old one or all of the new one. Once it returns it is on the disk. */
  async replace(body: string): Promise<void> {
    await this.close();
    const { text, checksum } = journalLine(body);
    const file = await openReplaced(this.path, text);
    this.growing = { file, checksum, room: Buffer.byteLength(text) + ROOM_BYTES };
  }

  /** Once it returns the line is on the disk. Throws where no lines are taken. */
  async append(body: string): Promise<void> {
    const { growing } = this;
    if (growing === undefined) throw new Error('a journal grows from what was written whole');
    const { text, checksum } = journalLine(body, growing.checksum);
    try {
      await growing.file.appendFile(text);
      await growing.file.datasync();
    } catch (error) {
      // What is there now may be a part of a line, and after a sync that failed nobody can tell: nothing may follow it.
      await this.close();
      throw error;
    }
    this.growing = { ...growing, checksum, room: growing.room - Buffer.byteLength(text) };
  }

  async close(): Promise<void> {
    const { growing } = this;
    this.growing = undefined;
    await growing?.file.close();
  }
}
