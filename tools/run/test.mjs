import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { jestCounts } from './jest-counts.mjs';
import { npm, root, run, runQuietly, say } from './process.mjs';

const CHECKS = {
  lint: npm(['run', '--silent', 'lint']),
  typecheck: npm(['run', '--silent', 'typecheck']),
  verify: [process.execPath, [join(root, 'tools/verify.mjs')]],
};
const ENDING_MS = 20_000;
const WHOLE = [
  ...['--selectProjects', 'unit', 'suites'],
  `--testSequencer=${join(root, 'tools/run/sequence.mjs')}`,
  `--reporters=${join(root, 'tools/run/quiet-reporter.mjs')}`,
];

/**
 * All tests, and beside them lint, types and what is generated, each whatever becomes of the others; with arguments, Jest
 * alone, which gets them. Each of the three counts as one failure when it fails. One line at the end says how many.
 */
export async function test(args) {
  const beganAt = performance.now();
  const [failedChecks, jest] = await Promise.all(
    args.length > 0 ? [0, runJest(args)] : [failingChecks(), runJest(WHOLE, { isWhole: true })],
  );
  say(`Took ${Math.round((performance.now() - beganAt) / 1_000)} s.`);
  return conclude(jest.passed, jest.failed + failedChecks);
}

/** One after the other: the tests wait for other processes half of the time, and these use what they leave. */
async function failingChecks() {
  let failed = 0;
  for (const [what, [command, args]] of Object.entries(CHECKS)) {
    const code = await runQuietly(command, args, (child) => yieldToOthers(child.pid)).catch(notRun);
    if (code !== 0) failed++;
    say(`${what}: ${code === 0 ? 'ok' : 'failed'}`);
    if (code > 128) break; // ended by a signal, as all of us
  }
  return failed;
}

function yieldToOthers(pid) {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended, or the system does not let us: then it is only as important as the rest.
  }
}

/** How long each parser is fuzzed here where nobody says otherwise, in seconds. */
const LONG_FUZZ_SECONDS = '60';

/**
 * What takes too long for every change: the suites of test/long, and the fuzzing of each parser for as long as
 * PLEXSPHERE_FUZZ_SECONDS says. Arguments go to Jest: `npm run test:long -- recovery-times` runs what is named so.
 */
export async function testLong(args) {
  process.env.PLEXSPHERE_FUZZ_SECONDS ??= LONG_FUZZ_SECONDS;
  const named = args.length > 0 ? ['--testPathPatterns', ...args] : [];
  const jest = await runJest(['--selectProjects=long', ...named], { isWhole: args.length === 0 });
  return conclude(jest.passed, jest.failed);
}

function conclude(passed, failed) {
  process.stdout.write(`tests: ${passed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

/** A program that could not even be started has failed. */
function notRun(error) {
  say(error.message);
  return 1;
}

async function runJest(args, { isWhole = false } = {}) {
  say('Running the tests.');
  const folder = await mkdtemp(join(tmpdir(), 'plexsphere-jest-'));
  const file = join(folder, 'results.json');
  const servers = join(folder, 'servers');
  try {
    await mkdir(servers);
    process.env.PLEXSPHERE_TEST_SERVERS = servers;
    const jest = [join(root, 'node_modules/jest/bin/jest.js'), '--json', `--outputFile=${file}`, ...args];
    // A person who watches the tests types commands to Jest.
    const input = process.stdin.isTTY && args.length > 0 ? 'inherit' : 'ignore';
    const code = await run(process.execPath, jest, onStandardError(input)).catch(notRun);
    await nothingLeftIn(servers);
    return jestCounts(code, await readFile(file, 'utf8').catch(() => ''), isWhole);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The databases of Jest's workers end themselves when their worker has ended, a moment later. */
async function nothingLeftIn(servers) {
  const deadline = performance.now() + ENDING_MS;
  while ((await readdir(servers)).length > 0 && performance.now() < deadline) await delay(50);
}

const onStandardError = (input) => ({ stdio: [input, 2, 2] });
