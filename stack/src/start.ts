import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startDetached } from './detach';
import { localFolder } from './folders';
import { stopLeftovers } from './leftovers';
import { Stack } from './stack';
import {
  claimedState,
  isSupervised,
  makeLocalFolder,
  readState,
  removeState,
  stateOf,
  writeState,
} from './stack-state';
import { START_USAGE, UsageError, parseStartOptions, type StartOptions } from './start-options';
import { keepUp } from './supervisor';
import { whenOrphaned } from './guard';

/** `npm start`: brings the stack of this clone up and keeps it up. */

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(args: string[]): Promise<number> {
  const options = parseStartOptions(args);
  if (options === 'help') {
    say(START_USAGE.trimEnd());
    return 0;
  }
  makeLocalFolder(localFolder);
  refuseWhenRunning();
  if (options.detach) return startDetached(__filename, args, localFolder, say);
  // A terminal that is closed takes our output away; the stack is stopped in order all the same.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  return supervise(options);
}

async function supervise(options: StartOptions): Promise<number> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());
  // Not where it was sent into the background: whoever started it there has gone on purpose.
  if (process.env['PLEXSPHERE_DETACHED'] === undefined) whenOrphaned(() => stopping.abort());
  const leftovers = claim();
  if (leftovers) {
    say('The last stack was not stopped in order: ending what is left of it.');
    await stopLeftovers(leftovers);
  }
  try {
    await run(options, stopping.signal);
    return 0;
  } catch (error) {
    // What was under way when the order to stop came fails for that reason.
    if (stopping.signal.aborted) return 0;
    throw error;
  } finally {
    removeState(localFolder);
  }
}

async function run(options: StartOptions, stopping: AbortSignal): Promise<void> {
  let ready = false;
  const record = (): void => writeState(localFolder, stateOf(stack, ready), ready ? stack.env : {});
  say('Preparing PostgreSQL and nats-server.');
  const stack = await Stack.create({
    ...options,
    dir: localFolder,
    env: { rotation: options.rotationEnv },
    onProgress: say,
    onChange: () => record(),
  });
  stopping.addEventListener('abort', () => void stack.stop());
  stopping.throwIfAborted();
  await stack.start();
  ready = true;
  record();
  say(`Ready. In a shell of this folder: source .plexsphere/env, then npx plexctl.`);
  await keepUp(stack, stopping, say);
  say('Stopping.');
  // Once more: what was being started again when the first order came.
  await stack.stop();
  // What becomes of the data is told by whoever stops it.
  say('Stopped.');
}

function refuseWhenRunning(): void {
  const state = readState(localFolder);
  if (state && isSupervised(state))
    throw new Error(`The stack of this clone is running already (pid ${state.supervisor}); npm stop ends it.`);
}

// Looking and writing take milliseconds: a lock as old as this was left by a process that died in between.
const STALE_CLAIM_MS = 10_000;

/** Makes this process the one supervisor of the clone; answers with what a dead one left behind. */
function claim() {
  const lock = join(localFolder, 'claim.lock');
  if (Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) > STALE_CLAIM_MS) rmSync(lock);
  try {
    closeSync(openSync(lock, 'wx'));
  } catch {
    throw new Error('The stack of this clone is being started by another process.');
  }
  try {
    refuseWhenRunning();
    const leftovers = readState(localFolder);
    writeState(localFolder, claimedState(leftovers));
    return leftovers;
  } finally {
    rmSync(lock, { force: true });
  }
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
