import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '@plexsphere/stack';
import { npm, type Packed } from './npm';
import { startRegistry } from './package-registry';

/**
 * Packs a lib and installs the one file in an empty project, from a registry that has nothing but `dependencies`. What the
 * file has in it, and what is installed then.
 */
export async function installAlone(library: string, dependencies: readonly string[], folder: string) {
  const packing = npm(['pack', '--json', '--pack-destination', folder], {
    cwd: join(repositoryRoot, library),
    home: folder,
  });
  // What builds it may have said something before.
  const [packed] = JSON.parse((await packing).replace(/^[^[]*(?=^\[)/m, '')) as Packed[];
  await mkdir(join(folder, 'registry'));
  const registry = await startRegistry(dependencies, join(folder, 'registry'));
  try {
    await writeFile(join(folder, 'package.json'), '{"private":true}');
    await npm(['install', `./${packed?.filename}`], { cwd: folder, home: folder, registry: registry.url });
  } finally {
    await registry.close();
  }
  const installed = (await readdir(join(folder, 'node_modules'))).filter((name) => !name.startsWith('.'));
  return { files: packed?.files.map(({ path }) => path) ?? [], installed: installed.sort() };
}
