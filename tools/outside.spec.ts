import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Whatever builds and tests keeps its caches below the clone: an empty home folder and an empty folder for temporary
 * files stay empty.
 */

const ROOT = resolve(__dirname, '..');
const TIMEOUT_MS = 120_000;
const outside = mkdtempSync(join(tmpdir(), 'plexsphere-outside-'));
afterAll(() => rmSync(outside, { recursive: true, force: true }));

/** Builds anew what no process runs: services start meanwhile. */
const COMMANDS: [string, string[]][] = [
  ['the task runner', [require.resolve('nx/bin/nx'), 'run-many', '-t', 'build', '-p', '@plexsphere/jwt-guard']],
  [
    'the compiler',
    [
      '--input-type=module',
      '-e',
      `import { swcOptions } from '${ROOT}/tools/swc-options.mjs';
       import { transform } from '${ROOT}/node_modules/@swc/core/index.js';
       await transform('export const one: number = 1;', swcOptions);`,
    ],
  ],
  [
    'the tests',
    [require.resolve('jest/bin/jest'), '--selectProjects=unit', '--testPathPatterns', 'libs/keyring/src/lease'],
  ],
  ['the linter', [join(ROOT, 'node_modules/eslint/bin/eslint.js'), 'tools/verify.mjs']],
];

it.each(COMMANDS)(
  'N-6: %s writes nothing outside of the clone',
  (_, args) => {
    const [home, temporary] = [join(outside, 'home'), join(outside, 'tmp')];
    for (const folder of [home, temporary]) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
    }
    const { PATH } = process.env;
    const ran = spawnSync(process.execPath, args, {
      cwd: ROOT,
      env: { PATH, HOME: home, TMPDIR: temporary, NX_DAEMON: 'false' },
      encoding: 'utf8',
    });
    expect([ran.status, ran.status === 0 ? '' : ran.stderr]).toEqual([0, '']);
    const files = [home, temporary].flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }));
    // npm's own log: a package script runs npm.
    const written = files.filter((name) => !name.startsWith('.npm'));
    expect(written).toEqual([]);
  },
  TIMEOUT_MS,
);
