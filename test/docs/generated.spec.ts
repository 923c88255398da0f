import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@plexsphere/stack';
import { temporaryFolder } from '@plexsphere/testkit';

/** `npm run verify` finds what it is there to find, and says what to run. That the committed files pass is its own work. */

const folder = temporaryFolder();
const run = (tool: string, ...args: string[]) =>
  spawnSync(process.execPath, [join(repositoryRoot, 'tools', tool), ...args], { encoding: 'utf8' });

function changed(file: string, change: (text: string) => string): string {
  const path = join(folder, 'changed');
  writeFileSync(path, change(readFileSync(join(repositoryRoot, file), 'utf8')));
  return path;
}

it.each([
  ['generate-cli-reference.mjs', 'docs/cli.md'],
  ['generate-errors.mjs', 'docs/errors.md'],
  ['generate-configuration.mjs', 'docs/configuration.md'],
  ['generate-schema.mjs', 'libs/store/schema.sql'],
])(
  '%s refuses a file that was changed by hand',
  (tool, file) => {
    const byHand = changed(file, (text) => `${text}\nby hand\n`);
    const { status, stderr } = run(tool, '--check', byHand);
    expect([status, stderr.includes(`Run: node tools/${tool}\n`)]).toEqual([1, true]);
    expect(readFileSync(byHand, 'utf8')).toContain('by hand');
  },
  60_000,
);

it('verify-vectors.mjs refuses an accepted envelope that our code would sign otherwise', () => {
  const other = changed('test/vectors/envelopes.json', (text) =>
    text.replace('"signature_b64": "', '"signature_b64": "AAAA'),
  );
  const { status, stderr } = run('verify-vectors.mjs', other);
  expect([status, stderr.includes('plain is not what libs/wire makes')]).toEqual([1, true]);
});
