import { setTimeout as delay } from 'node:timers/promises';
import type { ManagedProcess } from './managed-process';
import type { Stack } from './stack';

// A crash is healed at once; one that repeats must not eat a core, nor be waited for when its cause is gone.
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A run as long as this was no part of a crash loop. */
const STEADY_MS = 60_000;

/** Starts again what dies, until `stopping` is aborted; returns when no start is under way any more. */
export async function keepUp(stack: Stack, stopping: AbortSignal, tell: (text: string) => void): Promise<void> {
  const aborted = new Promise<void>((resolve) => stopping.addEventListener('abort', () => resolve(), { once: true }));
  await Promise.all(stack.processes().map((managed) => keepOneUp(managed, { stopping, aborted, tell })));
}

interface Watch {
  stopping: AbortSignal;
  /** Resolves with `stopping`. One listener for all, however many replicas there are. */
  aborted: Promise<void>;
  tell: (text: string) => void;
}

async function keepOneUp(managed: ManagedProcess, { stopping, aborted, tell }: Watch): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS;
  while (!stopping.aborted) {
    const begunAt = performance.now();
    await Promise.race([managed.exited, aborted]);
    if (stopping.aborted) return;
    if (performance.now() - begunAt > STEADY_MS) pauseMs = FIRST_PAUSE_MS;
    tell(`${managed.name} ended; it is started again in ${pauseMs / 1_000} s.`);
    await Promise.race([delay(pauseMs), aborted]);
    if (stopping.aborted) return;
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    await managed.start().then(
      () => tell(`${managed.name} is up again.`),
      (error: Error) => tell(`${managed.name} did not come up: ${error.message}`),
    );
  }
}
