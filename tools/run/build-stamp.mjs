// Whether what is built is of the sources that are there. Nx cannot tell without its daemon: it copies every dist folder anew
// from its cache, and under a stack or a plexctl of this clone that just runs, they would be gone for a moment.
import { createHash } from 'node:crypto';
import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const SHARED = ['package-lock.json', 'nx.json', 'tsconfig.base.json'];

/** Of a clone at `root`, kept in `file`. */
export class BuildStamp {
  constructor(root, file) {
    this.root = root;
    this.file = file;
  }

  async isCurrent() {
    const noted = await readFile(this.file, 'utf8').catch(() => undefined);
    return noted !== undefined && noted === (await this.present());
  }

  /** After a build. */
  async note() {
    await writeFile(this.file, await this.present());
  }

  /** What sources say, and when the built files were written: whoever builds without us changes the latter. */
  async present() {
    const projects = await this.projects();
    const sources = [...SHARED, ...(await this.toolsOfBuild()), ...projects.map((path) => join(path, 'package.json'))];
    for (const path of projects) sources.push(...(await this.filesBelow(join(path, 'src'))));
    const hash = createHash('sha256');
    for (const path of sources.sort()) {
      hash.update(`${path}\n`).update(
        createHash('sha256')
          .update(await this.read(path))
          .digest(),
      );
    }
    for (const path of projects) {
      for (const built of (await this.filesBelow(join(path, 'dist'))).sort()) {
        const { size, mtimeMs } = await stat(join(this.root, built));
        hash.update(`${built} ${size} ${mtimeMs}\n`);
      }
    }
    return hash.digest('hex');
  }

  /** Workspaces as package.json names them, by their folders. */
  async projects() {
    const { workspaces } = JSON.parse(await this.read('package.json'));
    const found = await Promise.all(
      workspaces.map(async (each) => {
        if (!each.endsWith('/*')) return [each];
        const parent = each.slice(0, -2);
        const entries = await readdir(join(this.root, parent), { withFileTypes: true });
        return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(parent, name));
      }),
    );
    return found.flat().sort();
  }

  async toolsOfBuild() {
    return (await readdir(join(this.root, 'tools')))
      .filter((name) => name.endsWith('.mjs'))
      .map((name) => `tools/${name}`);
  }

  async filesBelow(folder) {
    const entries = await readdir(join(this.root, folder), { recursive: true, withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(this.root.length + 1));
  }

  /** Empty where there is none. */
  read(path) {
    return readFile(join(this.root, path), 'utf8').catch(() => '');
  }
}
