import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeTokenFile } from './token-file';

/**
 * plexctl starts fast because it loads little. Times are the benchmark's business; what was loaded is counted here.
 */
const PROJECT = resolve(__dirname, '../../apps/plexctl');
/** Where each module is a file of its own, what is loaded can be told; the program is of the same modules. */
const PLEXCTL = join(PROJECT, 'dist', 'main.js');
const HEAVY = ['@nestjs', 'typeorm', 'pg', 'class-validator', 'class-transformer', 'jose', 'rxjs', 'pino'];
const LAZY = ['nats', 'yaml', '@nats-io/nkeys', 'bootstrap', 'store', 'edge', 'node-sdk'];

/** What a run of plexctl had loaded when it ended: packages, and our own libraries by their folder's name. */
function loadedBy(
  args: string[],
  env: Record<string, string> = {},
  program = PLEXCTL,
): { exitCode: number | null; packages: Set<string>; count: number } {
  const hook = `
    process.on('exit', () => require('fs').writeSync(3, JSON.stringify(Object.keys(require.cache))));
    process.argv.splice(1, 0, ${JSON.stringify(program)});
    require(${JSON.stringify(program)});`;
  const { status, output, stderr } = spawnSync(process.execPath, ['-e', hook, '--', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ...env },
  });
  const files = JSON.parse(output[3] || '[]') as string[];
  if (files.length === 0) throw new Error(`nothing was loaded; is it built? ${stderr}`);
  return { exitCode: status, packages: new Set(files.map(packageOf)), count: files.length };
}

const packageOf = (file: string): string =>
  /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? /\/(?:libs|apps)\/([^/]+)\//.exec(file)?.[1] ?? file;

const folder = mkdtempSync(join(tmpdir(), 'plexctl-start-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('plexctl', () => {
  it('loads nothing but a few files of its own for what there is, and to complete a line', () => {
    for (const args of [['--help'], ['signing', '--help'], ['--version'], ['__complete', 'signing', '']]) {
      const { exitCode, packages, count } = loadedBy(args);
      expect(exitCode).toBe(0);
      expect([...packages]).toEqual(['plexctl']);
      expect(count).toBeLessThan(25);
    }
  });

  it.each([
    ['the contract, for the help on a command', ['signing', 'rotate', '--help'], 0, ['plexctl', 'wire']],
    [
      'how the bus is dialled beside it, for a line that is wrong',
      ['signing', 'rotate'],
      2,
      ['bus-client', 'plexctl', 'wire'],
    ],
  ])('loads nothing but %s', (_, args, exitCode, packages) => {
    const run = loadedBy(args);
    expect(run.exitCode).toBe(exitCode);
    expect([...run.packages].sort()).toEqual(packages);
    expect([...HEAVY, ...LAZY].filter((name) => run.packages.has(name))).toEqual([]);
  });

  it('loads nothing heavy for a command that dials', () => {
    const args = ['signing', 'jwks', '--scope', 'platform', '--signer-endpoint', '127.0.0.1:1'];
    const { exitCode, packages } = loadedBy([...args, '--token-file', writeTokenFile(folder), '--output', 'yaml']);
    expect(exitCode).toBe(1);
    expect(packages.has('nats')).toBe(true);
    expect([...HEAVY, 'bootstrap', 'store', 'yaml'].filter((name) => packages.has(name))).toEqual([]);
  });

  it('loads nothing heavy to watch, or to write a completion script', () => {
    const endpoint = ['--signer-endpoint', '127.0.0.1:1', '--token-file', writeTokenFile(folder)];
    const watch = loadedBy(['signing', 'status', '--watch', ...endpoint]);
    expect(watch.exitCode).toBe(1);
    expect([...HEAVY, 'bootstrap', 'store', 'yaml'].filter((name) => watch.packages.has(name))).toEqual([]);
    const completion = loadedBy(['completion', 'bash']);
    expect(completion.exitCode).toBe(0);
    expect([...completion.packages].sort()).toEqual(['bus-client', 'plexctl', 'wire']);
  });

  it('loads a host’s Node for its commands alone, and nothing heavy with it', () => {
    const { exitCode, packages } = loadedBy(['edge', 'status', '--state', join(folder, 'nothing')]);
    expect(exitCode).toBe(1);
    expect(packages.has('edge')).toBe(true);
    expect([...HEAVY, 'bootstrap', 'store', 'yaml'].filter((name) => packages.has(name))).toEqual([]);
    expect(loadedBy(['edge', 'keys', 'rotate', '--keep-old', 'forever']).packages.has('edge')).toBe(false);
  });

  it('reads YAML where there is a file with profiles, and not where there is none', () => {
    const args = ['signing', 'jwks', '--scope', 'platform'];
    expect(loadedBy(args, { HOME: folder }).packages.has('yaml')).toBe(false);
    mkdirSync(join(folder, '.config', 'plexsphere'), { recursive: true });
    writeFileSync(join(folder, '.config', 'plexsphere', 'config.yaml'), 'profiles: {}');
    const { exitCode, packages } = loadedBy(args, { HOME: folder });
    expect(exitCode).toBe(2);
    expect(packages.has('yaml')).toBe(true);
  });

  it('finds all that a command of the bus takes in one file', () => {
    const args = ['signing', 'jwks', '--scope', 'platform', '--signer-endpoint', '127.0.0.1:1'];
    const bin = join(PROJECT, 'bin', 'plexctl.js');
    const { exitCode, count } = loadedBy([...args, '--token-file', writeTokenFile(folder)], {}, bin);
    expect([exitCode, count]).toEqual([1, 1]);
  });

  it('runs where V8 refuses the code that was kept, as one of another version does', () => {
    const copy = join(folder, 'copy');
    for (const file of ['bin/plexctl.js', 'dist/program', 'package.json'])
      cpSync(join(PROJECT, file), join(copy, file));
    const program = readFileSync(join(copy, 'dist', 'program'));
    const begin = program.indexOf('\n') + 1;
    const end = begin + Number(program.toString('latin1', 0, begin));
    expect(program.length).toBeGreaterThan(end);
    writeFileSync(join(copy, 'dist', 'program'), program.fill(0, end));
    const { status, stdout } = spawnSync(process.execPath, [join(copy, 'bin', 'plexctl.js'), '--version'], {
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^plexctl /)]);
  });
});
