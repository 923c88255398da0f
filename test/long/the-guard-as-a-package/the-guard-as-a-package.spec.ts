import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@plexsphere/testkit';
import { parse } from 'yaml';
import { blocks } from '../../docs/documents';
import { compileStrictly } from '../../src/compile-strictly';
import { installAlone } from '../../src/install-alone';
import { linkPackages, whileItServes } from '../../src/readme-programs';
import { Issuer } from './issuer';

/** What a user gets who installs the one file: everything that its README shows, run as it stands. No stack is needed. */

/** Outside of the clone, below which its packages would be found, too. */
let folder: string;
let issuer: Issuer;
let readme: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plexsphere-project-'));
  issuer = await Issuer.start();
});
afterAll(async () => {
  await issuer?.close();
  await rm(folder, { recursive: true, force: true });
});

const KINDS = ['mts', 'cts'];
/** The README's programs, in its order. The last is no server. */
const PROGRAMS = ['ten-lines', 'express', 'fastify', 'nest', 'counting'];
const SERVERS = PROGRAMS.slice(0, -1);

it('is installed with jose alone', async () => {
  const { files, installed } = await installAlone('libs/jwt-guard', ['jose'], folder);
  const isExpected = /^(package\.json|README\.md|alerts\.yml|dist\/LICENSE|dist\/.+(\.js|\.d\.ts))$/;
  expect(files.filter((path) => !isExpected.test(path) || /spec|testing/.test(path))).toEqual([]);
  expect(installed).toEqual(['@plexsphere', 'jose']);
  readme = await readFile(join(folder, 'node_modules/@plexsphere/jwt-guard/README.md'), 'utf8');
});

/** What it says of itself to a compiler that knows of nothing else, not even of Node.js. */
const ALONE = `import { GuardOptionError, JwtGuard, tokenOf, TokenRefused } from '@plexsphere/jwt-guard';
import type { FetchReport, RefusalReason } from '@plexsphere/jwt-guard';
import { jwtMiddleware } from '@plexsphere/jwt-guard/express';
// @ts-expect-error it needs an audience
JwtGuard.start({ issuer: 'https://issuer.example' });
// @ts-expect-error no such reason
export const reason: RefusalReason = 'no_such_reason';
export const failure = (report: FetchReport): string => (report.result === 'failed' ? report.detail : 'none');
export const isRefusal = (error: unknown): boolean => error instanceof TokenRefused || error instanceof GuardOptionError;
export const expiry: number = tokenOf({}).claims.exp;
export const middleware = jwtMiddleware(JwtGuard.start({ issuer: 'https://issuer.example', audience: 'orders' }));
`;

it('needs nobody’s types, as both kinds of module', async () => {
  for (const kind of KINDS) await writeFile(join(folder, `alone.${kind}`), ALONE);
  await compileStrictly(folder, ['alone.mts', 'alone.cts'], { noEmit: true });
});

it('is what its README shows, as both kinds of module', async () => {
  const shown = blocks(readme, 'ts');
  expect(shown).toHaveLength(PROGRAMS.length);
  expect(shown[0]?.split('\n').filter((line) => line !== '')).toHaveLength(10);
  // A user of these has them.
  await linkPackages(folder, ['express', 'fastify', '@nestjs', 'prom-client', 'reflect-metadata', 'rxjs', '@types']);
  const names = KINDS.flatMap((kind) => PROGRAMS.map((program) => `${program}.${kind}`));
  for (const [index, program] of PROGRAMS.entries())
    for (const kind of KINDS) await writeFile(join(folder, `${program}.${kind}`), withIssuer(shown[index] ?? ''));
  // Others' declarations are theirs to check.
  const decorators = { experimentalDecorators: true, emitDecoratorMetadata: true };
  await compileStrictly(folder, names, { ...decorators, skipLibCheck: true, types: ['node'] });
});

/** The same text, with the issuer of this test, and a port that is free. */
const withIssuer = (text: string): string =>
  text.replaceAll('https://issuer.example', issuer.url).replaceAll('8080', 'Number(process.env.PORT)');

it.each(SERVERS.flatMap((program) => ['mjs', 'cjs'].map((kind) => [`${program}.${kind}`])))(
  '%s lets in who may come in, and nobody else',
  async (program) => {
    const port = await freePort();
    const ask = async (scope?: string) => {
      const headers = scope === undefined ? {} : { authorization: `Bearer ${await issuer.token(scope)}` };
      const response = await fetch(`http://127.0.0.1:${port}/orders`, { headers });
      return [response.status, (await response.text()).includes('billing')];
    };
    const used = async (): Promise<void> => {
      expect(await ask()).toEqual([401, false]);
      expect(await ask('orders:bill orders:read')).toEqual([200, true]);
    };
    await whileItServes({ folder, program, env: { PORT: `${port}` } }, { asks: () => ask(), used });
  },
);

const COUNT = `import { register } from 'prom-client';
import { guard } from './counting.mjs';
await guard.ready();
await guard.verify(process.env.TOKEN);
await guard.verify('none').catch(() => undefined);
console.log(JSON.stringify(await register.getMetricsAsJSON()));
`;

it('counts what its alerts are about', async () => {
  await writeFile(join(folder, 'count.mjs'), COUNT);
  const env = { PATH: process.env['PATH'], TOKEN: await issuer.token('orders:read') };
  // It ends by itself: a guard that nobody stopped keeps no process alive.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['count.mjs'], { cwd: folder, env });
  expect(stderr).toBe('');
  const metrics = JSON.parse(stdout) as { name: string; values: { value: number; labels: object }[] }[];
  const counted = new Map(metrics.map(({ name, values }) => [name, values]));
  expect(counted.get('jwt_guard_fetches_total')).toEqual([{ value: 1, labels: { result: 'changed', reason: '' } }]);
  expect(counted.get('jwt_guard_verifications_total')).toEqual([
    { value: 1, labels: { result: 'accepted', reason: '' } },
    { value: 1, labels: { result: 'refused', reason: 'malformed' } },
  ]);

  const path = join(folder, 'node_modules/@plexsphere/jwt-guard/alerts.yml');
  const { groups } = parse(await readFile(path, 'utf8')) as { groups: { rules: { alert: string; expr: string }[] }[] };
  const rules = groups.flatMap((group) => group.rules);
  const named = rules.flatMap(({ expr }) => expr.match(/\bjwt_guard_\w+/g) ?? []);
  expect(new Set(named)).toEqual(new Set(counted.keys()));
});
