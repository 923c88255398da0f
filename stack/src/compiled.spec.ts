import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withCompiled } from './compiled';

/** A program of a few modules, started as services of suites are. */

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plexsphere-'));
  mkdirSync(join(folder, 'node_modules', 'other'), { recursive: true });
  write('node_modules/other/index.js', `exports.says = 'other';`);
  write('part.js', `exports.says = 'part 1';`);
  write('whole.mjs', `export const says = 'whole';`);
  write(
    'main.js',
    `const isMain = require.main === module;
     const found = require.resolve('./part').endsWith('part.js');
     const said = [require('./part').says, require('other').says];
     import('./whole.mjs').then(({ says }) => console.log(JSON.stringify({ isMain, found, said: [...said, says] })));`,
  );
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);

function run(): unknown {
  const { args, env } = withCompiled(folder, 'compiled');
  return JSON.parse(execFileSync(process.execPath, [...args, join(folder, 'main.js')], { env, encoding: 'utf8' }));
}

const FIRST = { isMain: true, found: true, said: ['part 1', 'other', 'whole'] };

test('the first start leaves what each later one takes, and all do the same', () => {
  expect(run()).toEqual(FIRST);
  const { mtimeMs, size } = statSync(join(folder, 'compiled'));
  expect(run()).toEqual(FIRST);
  expect(statSync(join(folder, 'compiled'))).toMatchObject({ mtimeMs, size });
});

test('code is taken for the text that it was made of, not for one as long', () => {
  run();
  write('part.js', `exports.says = 'part 2';`);
  expect(run()).toEqual({ ...FIRST, said: ['part 2', 'other', 'whole'] });
});

test('code that V8 refuses is made anew', () => {
  run();
  const kept = readFileSync(join(folder, 'compiled'));
  const codes = kept.indexOf('\n') + 1;
  writeFileSync(join(folder, 'compiled'), Buffer.concat([kept.subarray(0, codes), Buffer.alloc(kept.length - codes)]));
  expect(run()).toEqual(FIRST);
});

test('where a module was found is kept', () => {
  run();
  const kept = JSON.parse(readFileSync(join(folder, 'compiled'), 'latin1').split('\n')[0] ?? '') as { found: object };
  expect(Object.keys(kept.found)).toEqual(
    expect.arrayContaining([`${join(folder, 'main.js')} ./part`, `${join(folder, 'main.js')} other`]),
  );
});
