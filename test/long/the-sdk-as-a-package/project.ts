import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { World } from '../../src/world';

/** A user's empty project. Outside of the clone, below which its packages would be found, too. */
export async function project(world: World): Promise<string> {
  const known = world.kept.get('project') as string | undefined;
  if (known !== undefined) return known;
  const folder = await mkdtemp(join(tmpdir(), 'plexsphere-project-'));
  world.afterwards(() => rm(folder, { recursive: true, force: true }));
  world.kept.set('project', folder);
  return folder;
}
