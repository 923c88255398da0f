/**
 * For specs that turn the clock: its own time stands still, and the network's does not. What is faked is what measures and
 * waits; a spec goes on by turns of the event loop until something is so.
 */
const { setImmediate: nextTurn } = globalThis;
const realNow = process.hrtime.bigint.bind(process.hrtime);

export function fakeTime(now: Date): void {
  jest.useFakeTimers({ now, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'hrtime'] });
}

const PATIENCE_NS = 60_000_000_000n;

export async function until(condition: () => boolean, what: string): Promise<void> {
  const began = realNow();
  while (!condition()) {
    if (realNow() - began > PATIENCE_NS) throw new Error(`timed out waiting for ${what}`);
    await new Promise<void>((resolve) => nextTurn(resolve));
  }
}
