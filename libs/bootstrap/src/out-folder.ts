import { chmod, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { problem, type Problem } from '@plexsphere/wire';

/**
 * The folder that the operator asked for, and the draft beside it that becomes it. The draft's name is fixed, so that
 * the next run finds what a crash left.
 */
export class OutFolder {
  readonly path: string;
  private readonly draft: string;

  constructor(path: string) {
    this.path = resolve(path);
    this.draft = `${this.path}.unfinished`;
  }

  /**
   * A new, empty draft; one that was left is deleted, so nobody may need it any more.
   * @throws Problem invariantViolation, field `out`: there already, and not empty; or not to be made there
   */
  async begin(): Promise<void> {
    try {
      const present = await readdir(this.path).catch(unlessMissing);
      if (present !== undefined && present.length > 0) throw outRefused('is there, and not empty');
      await rm(this.draft, { recursive: true, force: true });
      await mkdir(dirname(this.draft), { recursive: true, mode: 0o700 });
      // Fails where somebody else made it meanwhile, so what is written into it is ours alone.
      await mkdir(this.draft, { mode: 0o700 });
      await chmod(this.draft, 0o700);
    } catch (error) {
      throw refusal(error);
    }
  }

  /** Where a file of the draft lies. */
  at(name: string): string {
    return join(this.draft, name);
  }

  /** The files and their names are on the disk after this. */
  async write(files: Record<string, string>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      const file = await open(this.at(name), 'wx', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
    }
    await flushFolder(this.draft);
  }

  /** The text of one file of the draft that an earlier run left; undefined where there is none. */
  read(name: string): Promise<string | undefined> {
    return readFile(this.at(name), 'utf8').catch(() => undefined);
  }

  /** In one step: whoever sees the folder sees all of it. Returns the names in it. */
  async publish(): Promise<string[]> {
    await rename(this.draft, this.path).catch((error: unknown) => {
      throw refusal(error);
    });
    await flushFolder(dirname(this.path));
    return (await readdir(this.path)).sort();
  }

  discard(): Promise<void> {
    return rm(this.draft, { recursive: true, force: true });
  }
}

async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** What the file system says of the operator's folder is about a flag of theirs. */
function refusal(error: unknown): unknown {
  const { syscall, code } = error as NodeJS.ErrnoException;
  return syscall === undefined ? error : outRefused(`cannot be made (${code})`);
}

const outRefused = (reason: string): Problem => problem('invariantViolation', { field: 'out', reason });
