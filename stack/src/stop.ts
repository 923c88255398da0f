import { localFolder } from './folders';
import { stopLeftovers, stopProcess } from './leftovers';
import { eraseStack } from './stack';
import { stopReport } from './stop-report';
import { isSupervised, readState, removeState } from './stack-state';

/** `npm stop`: ends the stack of this clone. Its data stays, unless --erase says otherwise. */

// Services, bus and database one after the other, each with its own ten seconds, and some more.
const SUPERVISOR_PATIENCE_MS = 45_000;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(args: string[]): Promise<number> {
  const unknown = args.find((arg) => arg !== '--erase');
  if (unknown !== undefined) {
    process.stderr.write(`npm stop takes --erase and nothing else; ${unknown} is something else.\n`);
    return 2;
  }
  const erase = args.includes('--erase');
  const wasRunning = await stop();
  if (erase) await eraseStack(localFolder);
  say(stopReport({ wasRunning, erased: erase }));
  return 0;
}

/** Returns whether there was something to stop. */
async function stop(): Promise<boolean> {
  const state = readState(localFolder);
  if (state === undefined) return false;
  if (isSupervised(state)) {
    const { supervisor, identities } = state;
    await stopProcess(supervisor, identities[supervisor], 'SIGTERM', SUPERVISOR_PATIENCE_MS);
  }
  // The latest record: the supervisor may have started something again before it heard us. It removes the file when it
  // has ended everything itself.
  await stopLeftovers(readState(localFolder) ?? { ...state, pids: {} });
  removeState(localFolder);
  return true;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
