// The order of the test files: the longest first, so that none of them is what everybody waits for at the end. Jest's own
// order needs the times of an earlier run, which a clean clone does not have, and takes suites, whose files are short, last.
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';

const longest = JSON.parse(readFileSync(new URL('longest-tests.json', import.meta.url), 'utf8'));

/** By the list; what is not on it by the size of the file. */
function rank({ path }) {
  const place = longest.indexOf(basename(path, '.spec.ts'));
  return place < 0 ? [longest.length, -statSync(path).size] : [place, 0];
}

export default class LongestFirst {
  sort(tests) {
    return tests
      .map((test) => ({ test, rank: rank(test) }))
      .sort((one, other) => one.rank[0] - other.rank[0] || one.rank[1] - other.rank[1])
      .map(({ test }) => test);
  }

  /** What Jest remembers for an order of its own. */
  cacheResults() {}
}
