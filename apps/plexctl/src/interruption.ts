import { setTimeout as timer } from 'node:timers/promises';

/** What a command that runs on needs of the process: to be told of Ctrl-C, and to wait. */

/** The second Ctrl-C ends the process as ever. */
export function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

export const pause = (ms: number, stop: AbortSignal): Promise<void> =>
  timer(ms, undefined, { signal: stop }).catch(() => undefined);

/** What the promise resolves to, or undefined once `stop` aborts. A promise that is left alone may fail unheard. */
export function orStopped<T>(promise: Promise<T>, stop: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const end = (): void => resolve(undefined);
    if (stop.aborted) end();
    stop.addEventListener('abort', end, { once: true });
    promise.then(resolve, reject).finally(() => stop.removeEventListener('abort', end));
  });
}
