import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@plexsphere/stack';

/** What the program knows: its own help is asked, since that is what a reader would compare a document with. */

const run = (file: string, ...args: string[]): string =>
  execFileSync(process.execPath, [join(repositoryRoot, file), ...args], {
    encoding: 'utf8',
  });

export const plexctlHelp = (...words: string[]): string => run('apps/plexctl/bin/plexctl.js', 'help', ...words);
export const startHelp = (): string => run('stack/dist/start.js', '--help');

/** `npm stop` has no help: it names its flags where it refuses another. */
export const stopRefusal = (): string =>
  spawnSync(process.execPath, [join(repositoryRoot, 'stack/dist/stop.js'), 'x'], { encoding: 'utf8' }).stderr;

/** `signing rotate`, `migrate`, …, as `plexctl help` lists them. */
export function plexctlCommands(): string[] {
  const [, list = ''] = /^Commands:\n((?: {2}.+\n)+)/m.exec(plexctlHelp()) ?? [];
  return list
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/\s{2,}/)[0] ?? '');
}

export const flagsIn = (text: string): string[] => [...text.matchAll(/--[a-z][a-z-]*/g)].map((match) => match[0]);

/** Every PLEXSPHERE_ name that the source of a service, of plexctl or of the stack knows. */
export function environmentNames(): Set<string> {
  const source = ['apps', 'libs', 'stack'].flatMap((folder) => sourcesBelow(join(repositoryRoot, folder))).join('\n');
  const written = [...source.matchAll(/PLEXSPHERE_[A-Z_]+[A-Z]/g)].map((match) => match[0]);
  return new Set([...written, ...settings(source)]);
}

const settings = (source: string): string[] =>
  [...source.matchAll(/@Variable\('([A-Z_]+)'/g)].map((match) => `PLEXSPHERE_${match[1]}`);

/** Settings of services are flags of the same name. */
export const serviceFlags = (): string[] =>
  [...environmentNames()].map((name) => `--${name.replace('PLEXSPHERE_', '').toLowerCase().replaceAll('_', '-')}`);

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.spec)\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => /\/src\//.test(path) && !/\/(node_modules|dist)\//.test(path))
    .map((path) => readFileSync(path, 'utf8'));
}
