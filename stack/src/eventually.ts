import { setTimeout as delay } from 'node:timers/promises';

export interface Patience {
  timeoutMs?: number;
  /** Completes the sentence "timed out waiting for …". */
  describe?: string;
}

// Only what never comes true takes as long: a machine that is busy with other things must not fail a test.
const PATIENCE_MS = 60_000;
const FIRST_PAUSE_MS = 10;
// Long enough not to burn one of two cores, short enough that no test waits noticeably for its own poll.
const LONGEST_PAUSE_MS = 100;
// A look may be a process of its own: the pause after it is as long as it took, so that waiting takes half of a core at most.
const LONGEST_PAUSE_OF_A_SLOW_LOOK_MS = 1_000;

/**
 * Polls until the condition answers with something truthy, and returns that. A condition that throws has not come true
 * yet; when time is up its last error is the cause of the one thrown here, which says it, too. At most one look follows the deadline.
 */
export async function eventually<T>(condition: () => T | Promise<T>, patience: Patience = {}): Promise<NonNullable<T>> {
  const { timeoutMs = PATIENCE_MS, describe = 'a condition' } = patience;
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
    const lookedAt = performance.now();
    const late = lookedAt >= deadline;
    try {
      const value = await condition();
      if (value) return value;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (late)
      throw new Error(`timed out after ${timeoutMs} ms waiting for ${describe}${why(lastError)}`, { cause: lastError });
    const tookMs = performance.now() - lookedAt;
    await delay(Math.max(pauseMs, Math.min(tookMs, LONGEST_PAUSE_OF_A_SLOW_LOOK_MS)));
  }
}

const why = (lastError: unknown): string =>
  lastError === undefined ? '' : `: ${lastError instanceof Error ? lastError.message : String(lastError)}`;
