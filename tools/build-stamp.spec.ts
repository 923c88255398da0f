import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@plexsphere/testkit';

interface BuildStamp {
  isCurrent(): Promise<boolean>;
  note(): Promise<void>;
}
const { BuildStamp } = jest.requireActual<{ BuildStamp: new (root: string, file: string) => BuildStamp }>(
  './run/build-stamp.mjs',
);

const root = temporaryFolder();
const stamp = new BuildStamp(root, join(root, 'built'));

function write(path: string, text: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
}

beforeEach(async () => {
  write('package.json', '{ "workspaces": ["libs/*", "stack"] }');
  write('tools/build.mjs', 'transpile();');
  write('libs/one/src/deep/a.ts', 'const a = 1;');
  write('libs/one/dist/deep/a.js', 'var a = 1;');
  write('stack/src/b.ts', 'const b = 1;');
  write('stack/dist/b.js', 'var b = 1;');
  await stamp.note();
});

it('leaves alone what was built of the sources that are there', async () => {
  expect(await stamp.isCurrent()).toBe(true);
});

it.each([
  ['there is no note', () => rmSync(join(root, 'built'))],
  ['a source says something else', () => write('libs/one/src/deep/a.ts', 'const a = 2;')],
  ['there is one more', () => write('stack/src/c.ts', '')],
  ['there is one less', () => rmSync(join(root, 'stack/src/b.ts'))],
  ['there is one more project', () => write('libs/two/package.json', '{}')],
  ['the way to build is another', () => write('tools/build.mjs', 'transpile(all);')],
  ['libraries are others', () => write('package-lock.json', '{}')],
  ['what was built is gone', () => rmSync(join(root, 'stack/dist'), { recursive: true })],
  ['somebody has built something else', () => write('stack/dist/b.js', 'var b = 2; // longer')],
])('has it built where %s', async (_, change) => {
  change();
  expect(await stamp.isCurrent()).toBe(false);
});
