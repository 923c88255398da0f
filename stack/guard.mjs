// Ends what a supervisor has started once the supervisor is gone, however it went: its end of our standard input closes
// then, by SIGKILL too. It tells us, a line each: `add <pid> <signal>` (the signal that asks this process to end), `drop
// <pid>` when it has ended, `erase <path>` for what is to be deleted with it, `keep <path>`.
import { rmSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

// A supervisor that stops in order needs no more; here nobody waits for the last words of a service.
const PATIENCE_MS = 5_000;
const LOOK_MS = 50;

const signals = new Map();
const paths = new Set();

// Ctrl-C in the terminal is for the supervisor; we learn of its end by the pipe.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);

const told = {
  add: (pid, signal) => signals.set(Number(pid), signal),
  drop: (pid) => signals.delete(Number(pid)),
  erase: (path) => paths.add(path),
  keep: (path) => paths.delete(path),
};
process.stdin.on('error', () => undefined);
for await (const line of createInterface({ input: process.stdin })) {
  const [, what, about, signal] = /^(\w+) (.+?)(?: (SIG\w+))?$/.exec(line) ?? [];
  told[what]?.(about, signal);
}
await end();

async function end() {
  // A paused process hears nothing before it goes on.
  for (const [pid, signal] of signals) if (tell(pid, signal)) tell(pid, 'SIGCONT');
  const deadline = performance.now() + PATIENCE_MS;
  const isAnyLeft = () => [...signals.keys()].some((pid) => tell(pid, 0));
  while (isAnyLeft() && performance.now() < deadline) await delay(LOOK_MS);
  for (const pid of signals.keys()) tell(pid, 'SIGKILL');
  for (const path of paths) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}

function tell(pid, signal) {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
