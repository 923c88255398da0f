const LOOK_EVERY_MS = 500;

/** Tells once when whoever started this process is gone: a signal to it may never have reached us. */
export function whenOrphaned(tell: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    tell();
  }, LOOK_EVERY_MS);
  timer.unref();
}
