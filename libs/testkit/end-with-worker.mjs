// Waits until the process that started it is gone (end of standard input), then ends the PostgreSQL server of that pid at
// once and deletes the given files and folders, in this order.
import { rmSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

const [pid, ...paths] = process.argv.slice(2);
// Ctrl-C in the terminal is for Jest; we learn of its end by the pipe.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
process.stdin.resume();
process.stdin.on('close', end);
process.stdin.on('error', () => undefined);

// An immediate shutdown takes moments. A server that is gone may still be listed for as long as nobody collects its exit
// status, so there is an end to waiting.
const PATIENCE_MS = 5_000;

async function end() {
  // SIGQUIT: an immediate shutdown, which ends the server's own processes as well.
  signalServer('SIGQUIT');
  const deadline = performance.now() + PATIENCE_MS;
  while (signalServer(0) && performance.now() < deadline) await delay(50);
  signalServer('SIGKILL');
  for (const path of paths) rmSync(path, { recursive: true, force: true });
}

function signalServer(signal) {
  try {
    return process.kill(Number(pid), signal);
  } catch {
    return false;
  }
}
