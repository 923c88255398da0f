import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

export const say = (text) => process.stderr.write(`${text}\n`);

// Nx keeps its compiled part in the clone, not in a folder of the machine that another user may own, and leaves no daemon.
const NX_SETTINGS = {
  NX_DAEMON: 'false',
  NX_TUI: 'false',
  NX_NO_CLOUD: 'true',
  NX_NATIVE_FILE_CACHE_DIRECTORY: resolve(root, '.nx', 'native'),
};

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Runs a program, hands our signals on to it and answers with its exit code, as a shell would. */
export function run(command, args, options = {}, watch = () => undefined) {
  return new Promise((answer, fail) => {
    const child = spawn(command, args, { cwd: root, env: environment(), ...options });
    watch(child);
    const forward = (signal) => child.kill(signal);
    for (const signal of FORWARDED) process.on(signal, forward);
    const done = (settle) => {
      for (const signal of FORWARDED) process.off(signal, forward);
      settle();
    };
    child.once('error', (error) => done(() => fail(error)));
    child.once('close', (code, signal) => done(() => answer(code ?? 128 + (constants.signals[signal] ?? 0))));
  });
}

/** Runs a program whose output is worth showing only when it fails, and answers with its exit code. */
export async function runQuietly(command, args, watch = () => undefined) {
  const output = [];
  const keep = (child) => {
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    watch(child);
  };
  const code = await run(command, args, { stdio: ['ignore', 'pipe', 'pipe'] }, keep);
  if (code !== 0) process.stderr.write(Buffer.concat(output));
  return code;
}

/** npm itself: the one that runs us where there is one, since another on the PATH may be older. */
export function npm(args) {
  const ours = process.env.npm_execpath;
  return ours && /npm-cli\.[cm]?js$/.test(ours) ? [process.execPath, [ours, ...args]] : ['npm', args];
}

/** Without the variables of the npm that runs us that would change what the npm that we run does. */
function environment() {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^npm_config_(omit|include|production|only)$/i.test(name),
  );
  return { ...Object.fromEntries(inherited), ...NX_SETTINGS };
}
