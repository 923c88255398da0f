import { setTimeout as delay } from 'node:timers/promises';

export const median = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;

/** What the work takes, one time after the other. */
export async function medianMs(times: number, work: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < times; i++) {
    const beganAt = performance.now();
    await work();
    took.push(performance.now() - beganAt);
  }
  return median(took);
}

/** The greatest number that was seen while `during` lasted. */
export async function mostSeen(during: Promise<unknown>, look: () => Promise<number>): Promise<number> {
  let [most, isOver] = [0, false];
  void during.finally(() => (isOver = true)).catch(() => undefined);
  for (; !isOver; await delay(10)) most = Math.max(most, await look());
  return most;
}
