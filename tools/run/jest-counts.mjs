/**
 * What a run of Jest came to, by its exit code and by the results that it wrote. It may fail where no test did: by a
 * setting, before it ran any, or by ending in their middle, whatever it answered then.
 */
export function jestCounts(code, text, isWhole) {
  const {
    numPassedTests: passed = 0,
    numFailedTests = 0,
    numRuntimeErrorTestSuites = 0,
    numTotalTests = 0,
  } = parsed(text);
  const failed = numFailedTests + numRuntimeErrorTestSuites;
  // --listTests and its like have no tests at all. Any other run in which nothing passed has shown nothing.
  const isTold = passed > 0 || (numTotalTests === 0 && !isWhole);
  return { passed, failed: failed === 0 && !(code === 0 && isTold) ? 1 : failed };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
