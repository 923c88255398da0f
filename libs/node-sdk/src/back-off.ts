/** Milliseconds before attempt `failures + 1`: doubling from `firstMs`, 30 s at most. */
export const backOffMs = (failures: number, firstMs: number): number =>
  Math.min(LONGEST_PAUSE_MS, firstMs * 2 ** Math.min(failures - 1, DOUBLINGS));

const LONGEST_PAUSE_MS = 30_000;
/** Beyond these any pause of ours is at its longest; the exponent must not grow for ever. */
const DOUBLINGS = 20;

/** Ends early, without an error, when `signal` is aborted. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });

/** Resolves with `work`, or after `patienceMs` without it. */
export async function within(patienceMs: number, work: Promise<unknown>): Promise<void> {
  const enough = new AbortController();
  await Promise.race([work, pause(patienceMs, enough.signal)]);
  enough.abort();
}
