import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeTokenFile } from './token-file';

/**
 * plexctl starts fast because it loads little. Times are the benchmark's business; what was loaded is counted here.
 */
const PLEXCTL = resolve(__dirname, '../../apps/plexctl/bin/plexctl.js');
const HEAVY = ['@nestjs', 'typeorm', 'pg', 'class-validator', 'class-transformer', 'jose', 'rxjs', 'pino'];
const LAZY = ['nats', 'yaml', '@nats-io/nkeys', 'bootstrap', 'store', 'edge', 'node-sdk'];

/** What a run of plexctl had loaded when it ended: packages, and our own libraries by their folder's name. */
function loadedBy(
  args: string[],
  env: Record<string, string> = {},
): { exitCode: number | null; packages: Set<string> } {
  const hook = `
    process.on('exit', () => require('fs').writeSync(3, JSON.stringify(Object.keys(require.cache))));
    process.argv.splice(1, 0, ${JSON.stringify(PLEXCTL)});
    require(${JSON.stringify(PLEXCTL)});`;
  const { status, output, stderr } = spawnSync(process.execPath, ['-e', hook, '--', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ...env },
  });
  const files = JSON.parse(output[3] || '[]') as string[];
  if (files.length === 0) throw new Error(`nothing was loaded; is it built? ${stderr}`);
  return { exitCode: status, packages: new Set(files.map(packageOf)) };
}

const packageOf = (file: string): string =>
  /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? /\/(?:libs|apps)\/([^/]+)\//.exec(file)?.[1] ?? file;

const folder = mkdtempSync(join(tmpdir(), 'plexctl-start-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('plexctl', () => {
  it('loads nothing but the contract, and how the bus is dialled, for help, and for a command line that is wrong', () => {
    for (const [args, exitCode] of [[['--help'], 0] as const, [['signing', 'rotate'], 2] as const]) {
      const run = loadedBy([...args]);
      expect(run.exitCode).toBe(exitCode);
      expect([...run.packages].sort()).toEqual(['bus-client', 'plexctl', 'wire']);
      expect([...HEAVY, ...LAZY].filter((name) => run.packages.has(name))).toEqual([]);
    }
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
});
