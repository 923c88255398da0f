// The order of the test files. Suites mostly wait for other processes, and specs compute: for no core to be idle at one time
// and fought for at another, both are at work from the beginning to the end; and of each the longest come first, so that none
// is what everybody waits for last. Jest's own order needs the times of an earlier run, which a clean clone does not have.
import { readFileSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { root } from './process.mjs';

/** Of the files that take longest, how many seconds each takes beside others. */
const longest = JSON.parse(readFileSync(new URL('longest-tests.json', import.meta.url), 'utf8'));
/** What any other takes. */
const SECONDS = 1;

export default class LongestFirst {
  constructor({ globalConfig } = {}) {
    this.workers = globalConfig?.maxWorkers ?? 1;
  }

  sort(tests) {
    const ofKind = (isSuite) => tests.map(measured).filter(({ name }) => name.startsWith('test/') === isSuite);
    return inTurns([ofKind(true), ofKind(false)].map(longestFirst), this.workers);
  }

  /** What Jest remembers for an order of its own. */
  cacheResults() {}
}

const measured = (test) => {
  const name = relative(root, test.path);
  return { test, name, seconds: longest[name] ?? SECONDS, bytes: statSync(test.path).size };
};
const longestFirst = (files) => files.sort((one, other) => other.seconds - one.seconds || other.bytes - one.bytes);
const sum = (files) => files.reduce((total, { seconds }) => total + seconds, 0);

/** As so many workers take them, each of which turns to the kind that has most left for one more of them. */
function inTurns(kinds, workers) {
  const begun = [];
  const running = [];
  let now = 0;
  const share = (kind) => sum(kind) / (1 + running.filter((each) => each.kind === kind).length);
  while (kinds.some((kind) => kind.length > 0)) {
    if (running.length === workers) {
      running.sort((one, other) => one.endsAt - other.endsAt);
      now = running.shift().endsAt;
    }
    const kind = kinds.reduce((one, other) => (share(other) > share(one) ? other : one));
    const { test, seconds } = kind.shift();
    running.push({ kind, endsAt: now + seconds });
    begun.push(test);
  }
  return begun;
}
