import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '@plexsphere/stack';
import type { Step } from '../../src/tell-story';
import { npm, type Packed } from './npm';
import { project } from './project';
import { startRegistry } from './registry';

/** The one that the README explains, and what that one needs itself. */
const DEPENDENCIES = ['nats', 'nkeys.js', 'tweetnacl'];

export const step: Step = async (world) => {
  const folder = await project(world);
  const library = join(repositoryRoot, 'libs/node-sdk');
  const packing = npm(['pack', '--json', '--pack-destination', folder], { cwd: library, home: folder });
  const [packed] = JSON.parse((await packing).replace(/^[^[]*(?=^\[)/m, '')) as Packed[];
  const files = packed?.files.map(({ path }) => path) ?? [];
  expect(
    files.filter((path) => !/^(package\.json|README\.md|dist\/LICENSE|dist\/.+(\.js|\.d\.ts))$/.test(path)),
  ).toEqual([]);
  // What services may do, and what they are asked, is no Node's business.
  expect(files.filter((path) => /spec|testing|permissions|traffic|commands/.test(path))).toEqual([]);

  await mkdir(join(folder, 'registry'));
  const registry = await startRegistry(DEPENDENCIES, join(folder, 'registry'));
  try {
    await writeFile(join(folder, 'package.json'), '{"private":true}');
    await npm(['install', `./${packed?.filename}`], { cwd: folder, home: folder, registry: registry.url });
  } finally {
    await registry.close();
  }
  const installed = (await readdir(join(folder, 'node_modules'))).filter((name) => !name.startsWith('.'));
  expect(installed.sort()).toEqual(['@plexsphere', ...DEPENDENCIES].sort());
};
