import { execFileSync } from 'node:child_process';
import { basename, resolve } from 'node:path';

/**
 * A boundary that never failed is unproven: texts that break each rule, and texts that keep it, linted under the real
 * configuration. The tables below repeat the decision on purpose; they must not be derived from what they test.
 */

const ROOT = resolve(__dirname, '..');
const BOUNDARY = '@nx/enforce-module-boundaries';
const LINT_TIMEOUT_MS = 120_000;

interface Text {
  filePath: string;
  text: string;
}
type Found = { line: number; ruleId: string | null }[];

function runNode(args: string[], input = ''): string {
  const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' };
  return execFileSync(process.execPath, args, { cwd: ROOT, env, input, encoding: 'utf8', stdio: 'pipe' });
}

const texts: Text[] = [];
let found: Found[];

/** All texts of this file are linted at once, since each process of eslint loads everything anew. What is found in these. */
function lint(these: Text[]): () => Found[] {
  const from = texts.length;
  texts.push(...these);
  return () => found.slice(from, from + these.length);
}

beforeAll(() => {
  // Without a cached project graph the boundary rule skips itself and says nothing.
  runNode([require.resolve('nx/bin/nx'), 'show', 'projects']);
  found = JSON.parse(runNode([resolve(ROOT, 'tools/lint-texts.mjs')], JSON.stringify(texts))) as Found[];
}, LINT_TIMEOUT_MS);

describe('who may import whom', () => {
  const LIBS = [
    'keyring',
    'wire',
    'postgres',
    'store',
    'material',
    'bus-jwt',
    'bus-client',
    'service-kit',
    'disk',
    'lease-holder',
    'node-sdk',
    'edge',
    'jwt-guard',
    'channel',
    'bootstrap',
  ];
  const TARGETS = [...LIBS, 'testkit', 'stack', 'jwks-clients'];
  const OUTSIDE = ['keyring', 'wire', 'store', 'bus-jwt', 'bus-client', 'node-sdk', 'bootstrap', 'testkit', 'stack'];
  const ALLOWED: Record<string, string[]> = {
    'libs/keyring': [],
    'libs/wire': [],
    'libs/postgres': ['wire'],
    'libs/store': ['keyring', 'wire', 'postgres'],
    'libs/material': ['wire', 'postgres'],
    'libs/bus-jwt': ['wire'],
    'libs/bus-client': ['wire'],
    'libs/service-kit': ['wire', 'bus-client'],
    'libs/lease-holder': ['keyring', 'wire', 'service-kit'],
    'libs/disk': [],
    'libs/node-sdk': ['wire', 'bus-client', 'disk'],
    'libs/edge': ['wire', 'bus-client', 'disk', 'node-sdk'],
    'libs/jwt-guard': [],
    'libs/channel': ['wire'],
    'libs/bootstrap': ['keyring', 'wire', 'store', 'material', 'bus-jwt'],
    'libs/testkit': [...OUTSIDE, 'service-kit'],
    'apps/rotation': ['keyring', 'wire', 'store', 'service-kit'],
    'apps/signer': ['keyring', 'wire', 'postgres', 'material', 'bus-jwt', 'service-kit', 'lease-holder'],
    'apps/outbox-relay': ['keyring', 'wire', 'store', 'service-kit'],
    'apps/plexctl': ['wire', 'bus-client', 'bootstrap', 'node-sdk', 'edge'],
    'apps/channel-sink': ['wire', 'bus-client', 'service-kit', 'disk', 'node-sdk'],
    'apps/edge-agent': ['wire', 'service-kit', 'node-sdk', 'edge'],
    stack: OUTSIDE,
    demo: [...OUTSIDE, 'channel', 'edge'],
    // Linted as specs are.
    test: [...OUTSIDE, 'material', 'disk', 'lease-holder', 'jwt-guard', 'channel', 'edge', 'jwks-clients'],
    'test/clients': ['keyring', 'node-sdk', 'lease-holder', 'testkit', 'stack'],
  };
  const text = TARGETS.map((target) => `export * from '@plexsphere/${target}';`).join('\n');

  /** The targets that the boundary rule lets pass, a project each, for a file of this name. */
  function importable(fileName: string): () => Record<string, string[]> {
    const projects = Object.keys(ALLOWED);
    const refusals = lint(projects.map((project) => ({ filePath: `${project}/src/${fileName}`, text })));
    const isRefused = (index: number, target: number) =>
      refusals()[index]?.some(({ line, ruleId }) => ruleId === BOUNDARY && line === target + 1);
    return () => tableOf((project) => TARGETS.filter((_, target) => !isRefused(projects.indexOf(project), target)));
  }

  /** A project's import of itself is left out: it is no boundary. */
  function tableOf(targetsOf: (project: string) => string[]): Record<string, string[]> {
    const others = (project: string) => targetsOf(project).filter((target) => basename(project) !== target);
    return Object.fromEntries(Object.keys(ALLOWED).map((project) => [project, others(project)]));
  }

  const inOrder = (targets: string[]) => TARGETS.filter((target) => targets.includes(target));

  const bySources = importable('not-there.ts');
  const bySpecs = importable('not-there.spec.ts');

  it('is what the table says, for every pair', () =>
    expect(bySources()).toEqual(tableOf((project) => inOrder(ALLOWED[project] ?? []))));

  it('opens the domain, the test kit, the stack, a Node and a holder of leases to specs, and nothing else', () => {
    // What they themselves stand on would make a circle with them.
    const BELOW_NODE = ['libs/wire', 'libs/bus-client', 'libs/keyring', 'libs/disk'];
    // A holder reaches the bus client through the test kit, too, and a circle through that is none.
    const BELOW_HOLDER = ['libs/wire', 'libs/keyring', 'libs/service-kit'];
    const opened = (project: string) => [
      ...(ALLOWED[project] ?? []),
      'keyring',
      ...(BELOW_NODE.includes(project) ? [] : ['node-sdk']),
      ...(BELOW_HOLDER.includes(project) ? [] : ['lease-holder']),
      'testkit',
      'stack',
    ];
    expect(bySpecs()).toEqual(tableOf((project) => inOrder(opened(project))));
  });
});

describe('each text', () => {
  const IMPORTS = 'no-restricted-imports';
  const GLOBALS = 'no-restricted-globals';
  const PROPERTIES = 'no-restricted-properties';
  const SYNTAX = 'no-restricted-syntax';
  const REQUIRE = '@typescript-eslint/no-require-imports';
  const TS_IMPORTS = '@typescript-eslint/no-restricted-imports';

  const DOMAIN = 'libs/keyring/src/not-there.ts';
  const DOMAIN_FOLDER = 'libs/keyring/src/go-node/not-there.ts';
  const DOMAIN_SPEC = 'libs/keyring/src/not-there.spec.ts';
  const PLEXCTL = 'apps/plexctl/src/not-there.ts';
  const ROTATION = 'apps/rotation/src/not-there.ts';
  const GATEWAY = 'apps/gateway/src/not-there.ts';
  const GENERATE = `import { generateKeyPairSync } from 'node:crypto';\n`;
  const PRIVATE_DER = `privateKeyEncoding: { format: 'der', type: 'pkcs8' }`;
  const PUBLIC_DER = `publicKeyEncoding: { format: 'der', type: 'spki' }`;
  const PUBLIC_JWK = `publicKeyEncoding: { format: 'jwk' }`;

  const CASES: [filePath: string, text: string, ruleIds: string[]][] = [
    // the domain is pure
    [DOMAIN, `import 'node:crypto';`, [IMPORTS]],
    [DOMAIN, `import 'crypto';`, [IMPORTS]],
    [DOMAIN, `import 'jose';`, [IMPORTS]],
    [DOMAIN, `import 'a-package-that-is-not-installed';`, [IMPORTS]],
    [DOMAIN, `export * from 'node:fs';`, [IMPORTS]],
    [DOMAIN, `import '@plexsphere/wire';`, [BOUNDARY, IMPORTS]],
    [DOMAIN, `import '../../wire/src/names';`, [BOUNDARY, IMPORTS]],
    [DOMAIN, `import './../../wire/src/names';`, [BOUNDARY, IMPORTS]],
    [DOMAIN, `import '../testing';`, [IMPORTS]],
    [DOMAIN_FOLDER, `import '../key-ring';`, []],
    [DOMAIN_FOLDER, `import '../../testing/go-node-facts';`, [IMPORTS]],
    [DOMAIN, `export const crypto = () => import('node:crypto');`, [SYNTAX]],
    [DOMAIN, `export const now = () => Date.now();`, [PROPERTIES]],
    [DOMAIN, `export const now = () => new Date();`, [SYNTAX]],
    [DOMAIN, `export const now = () => Date();`, [SYNTAX]],
    [DOMAIN, `export const now = () => performance.now();`, [GLOBALS]],
    [DOMAIN, `export const chance = () => Math.random();`, [PROPERTIES]],
    [DOMAIN, `export const { random } = Math;`, [PROPERTIES]],
    [DOMAIN, `export const chance = () => crypto.randomUUID();`, [GLOBALS]],
    [DOMAIN, `export const home = () => process.env['HOME'];`, [GLOBALS]],
    [DOMAIN, `export const home = () => globalThis.process;`, [GLOBALS]],
    [DOMAIN, `setTimeout(() => undefined, 1);`, [GLOBALS]],
    [DOMAIN, `setInterval(() => undefined, 1);`, [GLOBALS]],
    [DOMAIN, `export const later = async () => undefined;`, [SYNTAX]],
    [DOMAIN, `console.log('');`, [GLOBALS]],
    [DOMAIN, `export const at = new Date(0);`, []],
    [DOMAIN, `import './key-ring';`, []],
    [DOMAIN_SPEC, `import 'fast-check';\nimport 'node:fs';\nexport const now = new Date();`, []],

    // apps and libraries
    [ROTATION, `import '@plexsphere/signer';`, [TS_IMPORTS]],
    [ROTATION, `import '@plexsphere/plexctl/dist/main';`, [BOUNDARY, TS_IMPORTS, TS_IMPORTS]],
    ['stack/src/not-there.ts', `import '@plexsphere/rotation';`, [TS_IMPORTS]],
    [ROTATION, `import '../../signer/src/main';`, [BOUNDARY]],
    [ROTATION, `import '../../../libs/store/src/index';`, [BOUNDARY]],
    [ROTATION, `import { x } from '@plexsphere/wire/src/names';\nexport { x };`, [TS_IMPORTS]],
    [ROTATION, `import '@plexsphere/material';`, [BOUNDARY]],
    [ROTATION, `const signer = require('@plexsphere/material');\nexport { signer };`, [BOUNDARY, REQUIRE]],
    [ROTATION, `export const material = () => import('@plexsphere/material');`, [BOUNDARY]],
    [ROTATION, `import '@plexsphere/wire';\nimport '@plexsphere/wire/commands';\nimport '@plexsphere/store';`, []],
    ['apps/signer/src/not-there.ts', `import '@plexsphere/store';`, [BOUNDARY]],
    ['libs/wire/src/not-there.ts', `import '@plexsphere/keyring';`, [BOUNDARY]],
    ['libs/wire/src/not-there.ts', `import 'nats';`, [BOUNDARY]],
    ['libs/wire/src/not-there.ts', `import '@nestjs/common';`, [BOUNDARY]],
    ['libs/wire/src/not-there.ts', `import 'jose';`, [BOUNDARY]],
    ['libs/wire/src/not-there.ts', `import { IsInt } from 'class-validator';\nexport { IsInt };`, [TS_IMPORTS]],
    ['libs/wire/src/not-there.ts', `import type { A } from 'class-validator';\nexport type { A };`, []],
    [ROTATION, `import { IsInt } from '@plexsphere/wire/validator';\nexport { IsInt };`, []],
    ['libs/wire/src/not-there.spec.ts', `import 'nats';\nimport 'jose';`, []],
    ['libs/node-sdk/src/not-there.ts', `import 'typeorm';`, [BOUNDARY]],
    ['libs/bus-jwt/src/not-there.ts', `import '@nats-io/jwt';`, [BOUNDARY]],
    ['libs/bus-jwt/src/not-there.spec.ts', `import '@nats-io/jwt';`, []],

    // a gateway asks by SQL alone
    [GATEWAY, `import 'typeorm';`, [BOUNDARY]],
    [GATEWAY, `import { openDatabase } from '@plexsphere/store';\nexport { openDatabase };`, [TS_IMPORTS]],
    [GATEWAY, `import type { Prepared } from '@plexsphere/store';\nexport type { Prepared };`, []],
    [GATEWAY, `import { prepared } from '@plexsphere/store/sql';\nimport 'pg';\nexport { prepared };`, []],
    ['apps/gateway/src/not-there.spec.ts', `import 'typeorm';\nimport '@plexsphere/store';`, []],

    // credentials of a cloud are the sink's alone
    ['apps/channel-sink/src/not-there.ts', `import '@aws-sdk/client-secrets-manager';`, []],
    ['apps/channel-sink/src/not-there.ts', `import '@nestjs/common';`, [BOUNDARY]],
    [ROTATION, `import '@aws-sdk/client-secrets-manager';`, [BOUNDARY]],
    ['libs/node-sdk/src/not-there.ts', `import '@aws-sdk/client-secrets-manager';`, [BOUNDARY]],
    ['libs/wire/src/not-there.ts', `import '@aws-sdk/client-secrets-manager';`, [BOUNDARY]],

    // plexctl starts fast
    [PLEXCTL, `import '@nestjs/common';`, [BOUNDARY]],
    [PLEXCTL, `import 'pg';`, [BOUNDARY]],
    [PLEXCTL, `import { a } from '@plexsphere/bootstrap';\nexport { a };`, [TS_IMPORTS]],
    [PLEXCTL, `import type { A } from '@plexsphere/bootstrap';\nexport type { A };`, []],
    [PLEXCTL, `import { NodeClient } from '@plexsphere/node-sdk';\nexport { NodeClient };`, [TS_IMPORTS]],
    [PLEXCTL, `export const bootstrap = () => import('@plexsphere/bootstrap');`, []],

    // house rules
    [ROTATION, `export enum State { Active }`, [SYNTAX]],
    [DOMAIN, `export enum State { Active }`, [SYNTAX]],

    // what a kind of scope means stands in one table
    [DOMAIN, `export const isMesh = (kind: string) => kind === 'domain';`, [SYNTAX]],
    [DOMAIN, `export const isMesh = (kind: string) => 'platform' !== kind;`, [SYNTAX]],
    [
      ROTATION,
      `import { PLATFORM } from '@plexsphere/wire';\nexport const x = (s: string) => s === PLATFORM;`,
      [SYNTAX],
    ],
    [ROTATION, `export const x = (kind: string) => (kind !== 'issuer' ? 1 : 2);`, [SYNTAX]],
    [
      'apps/signer/src/not-there.ts',
      `export function x(kind: string) {\n  switch (kind) {\n    case 'channel':\n      return 1;\n  }\n  return 2;\n}`,
      [SYNTAX],
    ],
    [ROTATION, `import { PLATFORM } from '@plexsphere/wire';\nexport const scopes = [PLATFORM];`, []],
    [ROTATION, `export const x = (state: string) => state === 'active';`, []],
    ['apps/rotation/src/not-there.spec.ts', `export const x = (kind: string) => kind === 'domain';`, []],
    ['apps/outbox-relay/src/not-there.ts', `export const x = (scope: string) => scope === 'platform';`, []],

    // which algorithm a key is of stands in the key and in its ring's policy
    [ROTATION, `export const algorithm = 'Ed25519';`, [SYNTAX]],
    ['apps/signer/src/not-there.ts', `export const is = (alg: string) => alg === 'EdDSA';`, [SYNTAX]],
    ['apps/signer/src/not-there.ts', `export const is = (alg: string) => alg === 'RS256';`, [SYNTAX]],
    ['apps/rotation/src/not-there.spec.ts', `export const algorithm = 'Ed25519';`, []],

    // P-6: a key that was generated is never exported as a JWK
    [ROTATION, `${GENERATE}export const pair = generateKeyPairSync('ed25519');`, [SYNTAX, SYNTAX]],
    [ROTATION, `${GENERATE}export const pair = generateKeyPairSync('ed25519', { ${PRIVATE_DER} });`, [SYNTAX]],
    [
      ROTATION,
      `import * as c from 'node:crypto';\nexport const pair = c.generateKeyPairSync('ed25519');`,
      [SYNTAX, SYNTAX],
    ],
    [
      ROTATION,
      `${GENERATE}export const pair = generateKeyPairSync('ed25519', { ${PRIVATE_DER}, ${PUBLIC_JWK} });`,
      [SYNTAX],
    ],
    [ROTATION, `${GENERATE}export const pair = generateKeyPairSync('ed25519', { ${PRIVATE_DER}, ${PUBLIC_DER} });`, []],
    [
      ROTATION,
      `import type { KeyObject } from 'node:crypto';\nexport const x = (key: KeyObject) => key.export({ format: 'jwk' });`,
      [SYNTAX],
    ],
    [
      ROTATION,
      `import type { KeyObject } from 'node:crypto';\nexport const x = (key: KeyObject) => key.export({ format: 'der', type: 'spki' });`,
      [],
    ],
    ['tools/not-there.mjs', `${GENERATE}export const pair = generateKeyPairSync('ed25519');`, [SYNTAX, SYNTAX]],
  ];

  const cases = lint(CASES.map(([filePath, text]) => ({ filePath, text })));
  const lines = (count: number) => '// a line\n\n'.repeat(count);
  const lengths = lint([
    { filePath: ROTATION, text: lines(350) },
    { filePath: ROTATION, text: lines(351) },
    { filePath: 'apps/rotation/src/not-there.spec.ts', text: lines(351) },
  ]);

  it.each(CASES.map(([filePath, text, ruleIds], index) => ({ filePath, text, ruleIds, index })))(
    '$filePath: $text',
    ({ index, ruleIds }) => {
      expect(
        cases()
          [index]?.map(({ ruleId }) => ruleId)
          .sort(),
      ).toEqual([...ruleIds].sort());
    },
  );

  it('may have 350 lines that are not blank, unless it is a spec', () => {
    const [fits, tooLong, spec] = lengths();
    expect([fits, tooLong?.map(({ ruleId }) => ruleId), spec]).toEqual([[], ['max-lines'], []]);
  });
});
