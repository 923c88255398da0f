import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const GENERATOR = resolve(__dirname, '../../tools/generate-cli-reference.mjs');
const run = (...args: string[]): number | null => spawnSync(process.execPath, [GENERATOR, ...args]).status;

const folder = mkdtempSync(join(tmpdir(), 'cli-reference-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the reference of plexctl', () => {
  it('is what the commands say', () => {
    expect(run('--check')).toBe(0);
  });

  it('fails the check where a word of it was changed, or where it is missing', () => {
    const file = join(folder, 'cli.md');
    expect(run('--check', '--file', file)).toBe(1);
    expect(run('--file', file)).toBe(0);
    expect(run('--check', '--file', file)).toBe(0);
    writeFileSync(file, readFileSync(file, 'utf8').replace('retired', 'kept'));
    expect(run('--check', '--file', file)).toBe(1);
  });
});
