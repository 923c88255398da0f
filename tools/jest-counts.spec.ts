type JestCounts = (code: number, text: string, isWhole: boolean) => { passed: number; failed: number };
const { jestCounts } = jest.requireActual<{ jestCounts: JestCounts }>('./run/jest-counts.mjs');

const results = (
  numPassedTests: number,
  numFailedTests = 0,
  numRuntimeErrorTestSuites = 0,
  numTotalTests = 9,
): string => JSON.stringify({ numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numTotalTests });

it.each([
  ['all passed', 0, results(5), true, 5, 0],
  ['some failed', 1, results(5, 2), true, 5, 2],
  ['a file could not be run', 1, results(5, 2, 1), true, 5, 3],
  ['no test failed, and Jest did', 1, results(5), true, 5, 1],
  ['Jest was ended by a signal', 137, '', true, 0, 1],
  ['Jest was ended while it wrote', 137, results(5).slice(0, 9), true, 0, 1],
  ['a test ended Jest itself, and called that a success', 0, '', true, 0, 1],
  ['nothing was run', 0, results(0, 0, 0, 0), true, 0, 1],
  ['no test has the name that was asked for', 0, results(0), false, 0, 1],
  ['nothing was to be run: --listTests', 0, '["a.spec.ts"]', false, 0, 0],
  ['nothing was to be run: --version', 0, '', false, 0, 0],
  ['Jest did not know what was asked for', 1, '', false, 0, 1],
])('%s', (_, code, text, isWhole, passed, failed) => {
  expect(jestCounts(code, text, isWhole)).toEqual({ passed, failed });
});
