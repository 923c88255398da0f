import { availableParallelism } from 'node:os';
import { swcOptions } from './tools/swc-options.mjs';

// With one rule taken out: tools/mutants/mutants.long.spec.ts.
const transformer = process.env.MUTANT === undefined ? '@swc/jest' : '<rootDir>/tools/mutants/mutating-transform.mjs';
const transform = { '^.+\\.(ts|m?js)$': [transformer, swcOptions] };
const workspace = {
  // Below the clone, as all caches: two clones share nothing, and nothing is written outside of them.
  cacheDirectory: '<rootDir>/.nx/jest',
  transform,
  // jose, what stands on it, and the NATS key libraries ship ES modules only.
  transformIgnorePatterns: ['/node_modules/(?!(jose|oauth4webapi|openid-client|@nats-io)/)'],
  moduleNameMapper: {
    '^@plexsphere/([a-z-]+)/([a-z-]+)$': '<rootDir>/libs/$1/src/$2/index.ts',
    '^@plexsphere/stack$': '<rootDir>/stack/src/index.ts',
    '^@plexsphere/jwks-clients$': '<rootDir>/test/clients/src/index.ts',
    '^@plexsphere/([a-z-]+)$': '<rootDir>/libs/$1/src/index.ts',
  },
  testEnvironment: '<rootDir>/tools/run/compiled-once.mjs',
  modulePathIgnorePatterns: ['/dist/', '/\\.plexsphere/', '/\\.nx/'],
};

// A stack that is brought up once, for the suites to copy.
const stackToCopy = {
  globalSetup: '<rootDir>/test/src/before-suites.ts',
  globalTeardown: '<rootDir>/test/src/after-suites.ts',
};

export default {
  // More than there are cores where those are few: most of what runs here waits for others.
  maxWorkers: Math.max(4, availableParallelism() - 1),
  cacheDirectory: '<rootDir>/.nx/jest',
  // Longer than `eventually` waits, so that what fails says what it waited for.
  testTimeout: 120_000,
  projects: [
    {
      ...workspace,
      displayName: 'unit',
      testMatch: ['<rootDir>/{libs,apps,stack,demo,tools,test/bench,test/clients}/**/*.spec.ts'],
      testPathIgnorePatterns: ['/node_modules/', '\\.long\\.spec\\.ts$'],
    },
    {
      ...workspace,
      ...stackToCopy,
      displayName: 'suites',
      testMatch: ['<rootDir>/test/**/*.spec.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/(bench|clients|long)/'],
    },
    // Not part of `npm test`: npm run test:long.
    {
      ...workspace,
      ...stackToCopy,
      displayName: 'long',
      testMatch: ['<rootDir>/test/long/**/*.spec.ts', '<rootDir>/{libs,apps,tools}/**/*.{fuzz,long}.spec.ts'],
    },
  ],
};
