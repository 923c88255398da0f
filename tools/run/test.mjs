import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npm, root, run, say } from './process.mjs';

/**
 * Lint, types, what is generated, and all tests, each whatever became of the one before; with arguments, Jest alone,
 * which gets them. Each of the first three counts as one failure when it fails.
 */
export async function test(args) {
  let failed = 0;
  for (const script of args.length > 0 ? [] : ['lint', 'typecheck', 'verify']) {
    say(`Running ${script}.`);
    if ((await run(...npm(['run', '--silent', script]), onStandardError('ignore'))) !== 0) {
      say(`${script} failed.`);
      failed++;
    }
  }
  const jest = await runJest(args.length > 0 ? args : ['--selectProjects', 'unit', 'suites']);
  failed += jest.failed;
  return conclude(jest.passed, failed);
}

/** How long each parser is fuzzed here where nobody says otherwise, in seconds. */
const LONG_FUZZ_SECONDS = '60';

/**
 * What takes too long for every change: the suites of test/long, and the fuzzing of each parser for as long as
 * PLEXSPHERE_FUZZ_SECONDS says. Arguments go to Jest: `npm run test:long -- recovery-times` runs what is named so.
 */
export async function testLong(args) {
  process.env.PLEXSPHERE_FUZZ_SECONDS ??= LONG_FUZZ_SECONDS;
  const jest = await runJest(['--selectProjects=long', ...(args.length > 0 ? ['--testPathPatterns', ...args] : [])]);
  return conclude(jest.passed, jest.failed);
}

function conclude(passed, failed) {
  process.stdout.write(`tests: ${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

async function runJest(args) {
  say('Running the tests.');
  const folder = await mkdtemp(join(tmpdir(), 'plexsphere-jest-'));
  const file = join(folder, 'results.json');
  try {
    const jest = [join(root, 'node_modules/jest/bin/jest.js'), '--json', `--outputFile=${file}`, ...args];
    // A person who watches the tests types commands to Jest.
    const input = process.stdin.isTTY && args.length > 0 ? 'inherit' : 'ignore';
    const code = await run(process.execPath, jest, onStandardError(input));
    const results = JSON.parse(await readFile(file, 'utf8').catch(() => '{}'));
    const passed = results.numPassedTests ?? 0;
    const failed = (results.numFailedTests ?? 0) + (results.numRuntimeErrorTestSuites ?? 0);
    // Jest may fail where no test did: by a setting, or before it ran any.
    return { passed, failed: code !== 0 && failed === 0 ? 1 : failed };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const onStandardError = (input) => ({ stdio: [input, 2, 2] });
