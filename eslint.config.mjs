// Lint by `npm run lint`: without a project graph, which nx makes first, eslint silently skips the boundaries. The rules that
// need types are in .oxlintrc.json.
import { readdirSync } from 'node:fs';
import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import { defineConfig } from 'eslint/config';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';
import { moduleBoundaries, specBoundaries } from './tools/boundaries.mjs';

const NODE_GLOBALS = ['Buffer', 'clearTimeout', 'console', 'fetch', 'process', 'setTimeout', 'URL'];
const readonlyGlobals = (names) => Object.fromEntries(names.map((name) => [name, 'readonly']));

const SPECS = ['**/*.spec.ts', '**/testing/**/*.ts', '**/test/**/*.ts'];

const noEnum = {
  selector: 'TSEnumDeclaration',
  message: 'Use a union of strings: an enum is neither JSON nor plain SQL.',
};

// Node 20: a key object that generateKeyPair itself hands out shares a lock with the job that made it. A garbage collection
// during its export as a JWK ends that job, which waits for the lock, for ever.
const GENERATES =
  'CallExpression:matches([callee.name=/^generateKeyPair(Sync)?$/], [callee.property.name=/^generateKeyPair(Sync)?$/])';
const JWK = ':has(Property[key.name="format"][value.value="jwk"])';
const noHangingKey = [
  ...['publicKeyEncoding', 'privateKeyEncoding'].map((encoding) => ({
    selector: `${GENERATES}:not(:has(Property[key.name="${encoding}"]:not(${JWK})))`,
    message: `Generate with a ${encoding} of DER, and load the key from it (libs/wire/src/asymmetric.ts): Node 20 can hang otherwise.`,
  })),
  {
    selector: `CallExpression[callee.property.name="export"]${JWK}`,
    message: 'Export as DER and build the JWK from its raw bytes: Node 20 can hang in the export of a generated key.',
  },
];

const noDeepImport = {
  regex: '^@plexsphere/[^/]+/(src|dist)(/|$)',
  message: 'Import a library by its package name; what it does not export is its own.',
};
// The boundary rule finds no package that exports nothing, so it does not see an app imported by name.
const noApp = {
  regex: `^@plexsphere/(${readdirSync(new URL('apps', import.meta.url)).join('|')})(/|$)`,
  message: 'An app is never imported; start it as a process.',
};
const wholeValidator = {
  regex: '^class-validator$',
  message: 'Import it from @plexsphere/wire/validator, which loads no more of it than is used.',
  allowTypeImports: true,
};
const sqlAlone = {
  regex: '^@plexsphere/store$',
  message: 'Import @plexsphere/store/sql: a gateway asks by SQL alone, and TypeORM would take a sixth of its memory.',
  allowTypeImports: true,
};
const libraryConnect = {
  regex: '^nats$',
  importNames: ['connect'],
  message:
    'Import it from @plexsphere/bus-client/connect: the library alone makes a second connection after a slow dial.',
};
const lazyLibs = {
  regex: '^@plexsphere/(bootstrap|node-sdk|edge)$',
  message: 'Load it by import(): plexctl must start fast, and a single command needs it.',
  allowTypeImports: true,
};

/** Everything by which a clock, chance, the machine or the outside could reach the domain. */
const IMPURE_GLOBALS = [
  'Buffer',
  'console',
  'crypto',
  'fetch',
  'global',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'require',
  'setImmediate',
  'setInterval',
  'setTimeout',
  'WebSocket',
];

// What a kind of scope means stands in the domain's table of policies, and nowhere else: a new kind is a row of it.
const KIND = '/^(platform|domain|issuer|channel)$/';
const noKind = {
  selector: [
    `BinaryExpression[operator=/^[!=]==?$/]:matches([left.value=${KIND}], [right.value=${KIND}])`,
    'BinaryExpression[operator=/^[!=]==?$/]:matches([left.name="PLATFORM"], [right.name="PLATFORM"])',
    `SwitchCase[test.value=${KIND}]`,
  ].join(', '),
  message: "Ask the scope's policy (scopePolicy): no kind of scope is compared outside its table.",
};

// A key knows its algorithm, and a ring's policy which one its keys are of: a new one is a row of the table.
const noAlgorithm = {
  selector: 'Literal[value=/^(Ed25519|EdDSA|ES256|RS256|PS256)$/]',
  message: 'Take the algorithm from the key or from the policy: none is named outside the tables.',
};

export default defineConfig(
  { ignores: ['**/dist/**', '**/.nx/**', '**/.plexsphere/**', '**/coverage/**', 'test/vectors/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: { globals: readonlyGlobals(NODE_GLOBALS) },
    rules: { 'no-restricted-syntax': ['error', ...noHangingKey] },
  },
  {
    files: ['**/bin/*.js'],
    languageOptions: { sourceType: 'commonjs' },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': moduleBoundaries,
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [noDeepImport, noApp, wholeValidator] }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrors: 'none' }],
      'max-lines': ['error', { max: 350, skipBlankLines: true }],
      'no-restricted-syntax': ['error', noEnum, ...noHangingKey],
      eqeqeq: 'error',
    },
  },
  {
    files: SPECS,
    rules: { '@nx/enforce-module-boundaries': specBoundaries, 'max-lines': 'off' },
  },
  {
    files: ['{apps,libs}/*/src/**/*.ts'],
    ignores: [...SPECS, 'libs/testkit/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [noDeepImport, noApp, wholeValidator, libraryConnect] },
      ],
    },
  },
  {
    files: ['libs/bus-client/src/connect/index.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [noDeepImport, noApp, wholeValidator] }],
    },
  },
  {
    files: ['apps/gateway/src/**/*.ts'],
    ignores: SPECS,
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [noDeepImport, noApp, wholeValidator, libraryConnect, sqlAlone] },
      ],
    },
  },
  {
    files: ['apps/plexctl/src/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [noDeepImport, noApp, wholeValidator, lazyLibs] },
      ],
    },
  },
  {
    files: ['apps/{rotation,signer}/src/**/*.ts', 'libs/lease-holder/src/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: { 'no-restricted-syntax': ['error', noEnum, noKind, noAlgorithm, ...noHangingKey] },
  },
  {
    // The boundary rule sees neither Node's own modules nor packages that are not installed: these guard the domain.
    files: ['libs/keyring/src/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        // From a folder of its own, also what stands beside that folder.
        { patterns: [{ regex: '^(?!\\.\\.?/[a-z-]+$)', message: 'The domain imports nothing but its own files.' }] },
      ],
      'no-restricted-globals': ['error', ...IMPURE_GLOBALS],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time is an argument.' },
        { object: 'Math', property: 'random', message: 'The domain has no randomness.' },
      ],
      'no-restricted-syntax': [
        'error',
        noEnum,
        noKind,
        { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'Time is an argument.' },
        { selector: 'CallExpression[callee.name="Date"]', message: 'Time is an argument.' },
        { selector: 'ImportExpression', message: 'The domain loads nothing.' },
        { selector: 'TSImportEqualsDeclaration', message: 'The domain loads nothing.' },
        { selector: ':function[async=true]', message: 'The domain waits for nothing.' },
      ],
    },
  },
  {
    files: ['libs/keyring/src/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^(?!\\./[a-z-]+$)', message: 'The domain imports nothing but its own files.' }] },
      ],
    },
  },
  prettier,
);
