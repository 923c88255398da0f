// What Jest says in `npm test`: each file that fails, with what its tests wrote, and now and then how far it has come.
import { relative } from 'node:path';
import { performance } from 'node:perf_hooks';
import { root, say } from './process.mjs';

const EVERY_MS = 60_000;

export default class QuietReporter {
  #beganAt = performance.now();
  #saidAt = performance.now();
  #files = 0;
  #done = 0;

  onRunStart({ numTotalTestSuites }) {
    this.#files = numTotalTestSuites;
  }

  onTestResult({ path }, { failureMessage, console: written }) {
    this.#done += 1;
    if (failureMessage) {
      const lines = (written ?? []).map(({ message }) => message);
      say([`FAIL ${relative(root, path)}`, ...lines, failureMessage].join('\n'));
    }
    if (performance.now() - this.#saidAt < EVERY_MS) return;
    this.#saidAt = performance.now();
    say(`${this.#done} of ${this.#files} files, ${Math.round((this.#saidAt - this.#beganAt) / 1_000)} s`);
  }
}
