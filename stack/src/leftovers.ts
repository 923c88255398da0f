import { eventually } from './eventually';
import { isSameProcess, signalProcess } from './process-identity';
import type { StackState } from './stack-state';

// What a process is given to end in order, as under a live supervisor.
const PATIENCE_MS = 10_000;

/** Ends the recorded processes of a stack whose supervisor is gone, those that are really the recorded ones. */
export async function stopLeftovers(state: StackState): Promise<void> {
  const { postgres = [], 'nats-server': bus = [], ...services } = state.pids;
  await stopAll(state, Object.values(services).flat(), 'SIGTERM');
  await stopAll(state, bus, 'SIGTERM');
  // SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every connection to end.
  await stopAll(state, postgres, 'SIGINT');
}

async function stopAll(state: StackState, pids: number[], signal: NodeJS.Signals): Promise<void> {
  await Promise.all(pids.map((pid) => stopProcess(pid, state.identities[pid], signal)));
}

/** Ends one process, by force when it takes longer than `patienceMs`; nothing when it is another by now. */
export async function stopProcess(
  pid: number,
  identity: string | undefined,
  signal: NodeJS.Signals,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  if (!isSameProcess(pid, identity)) return;
  signalProcess(pid, signal);
  signalProcess(pid, 'SIGCONT');
  const gone = (): boolean => !isSameProcess(pid, identity);
  const patience = { timeoutMs: patienceMs, describe: `process ${pid} to end` };
  await eventually(gone, patience).catch(async () => {
    signalProcess(pid, 'SIGKILL');
    await eventually(gone, patience);
  });
}
