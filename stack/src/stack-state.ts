import { chmodSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from './folders';
import { isSameProcess, processIdentity } from './process-identity';
import type { Stack } from './stack';

/** stack.json: what runs, for people, for tools, and for a `stop` whose supervisor is dead. */
export interface StackState {
  ready: boolean;
  /** The pid of the process that keeps the stack up. */
  supervisor: number;
  /** Process ids by service, one a replica. */
  pids: Record<string, number[]>;
  /** host:port of /livez and /readyz by replica. */
  health: Record<string, string>;
  /** By pid: what tells each process from a later one of the same pid. */
  identities: Record<string, string>;
  /** The exported variables, as in the file `env`. */
  [variable: string]: unknown;
}

const stateFile = (dir: string): string => join(dir, 'stack.json');
const envFile = (dir: string): string => join(dir, 'env');

/** The folder with what is local to a clone: keys and passwords are below, so it is nobody else's. */
export function makeLocalFolder(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  chmodSync(dir, 0o700);
}

export function readState(dir: string): StackState | undefined {
  try {
    return JSON.parse(readFileSync(stateFile(dir), 'utf8')) as StackState;
  } catch {
    // No file, or one of an older shape: no stack that we could know of.
    return undefined;
  }
}

/**
 * The state of a stack of which nothing runs yet but its supervisor: this process. What a dead supervisor left running
 * stays on record until it is ended.
 */
export function claimedState(leftovers: StackState | undefined): StackState {
  const claimed = withIdentities({ ready: false, supervisor: process.pid, pids: {}, health: {} });
  if (leftovers === undefined) return claimed;
  return { ...claimed, pids: leftovers.pids, identities: { ...leftovers.identities, ...claimed.identities } };
}

export function stateOf(stack: Stack, ready: boolean): StackState {
  const pids: Record<string, number[]> = {};
  const health: Record<string, string> = {};
  for (const { service, pid } of stack.processes()) if (pid !== undefined) (pids[service] ??= []).push(pid);
  for (const { name, health: address } of stack.services()) if (address !== undefined) health[name] = address;
  return withIdentities({ ready, supervisor: process.pid, ...stack.env, pids, health });
}

/** Both files at once. */
export function writeState(dir: string, state: StackState, env: Record<string, string> = {}): void {
  const exports = Object.entries(env).map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`);
  if (exports.length > 0) replaceFile(envFile(dir), exports.join(''));
  replaceFile(stateFile(dir), `${JSON.stringify(state, null, 2)}\n`);
}

export function removeState(dir: string): void {
  rmSync(stateFile(dir), { force: true });
  rmSync(envFile(dir), { force: true });
}

export const isSupervised = (state: StackState): boolean =>
  isSameProcess(state.supervisor, state.identities[state.supervisor]);

function withIdentities(state: Omit<StackState, 'identities'>): StackState {
  const pids = [state['supervisor'] as number, ...Object.values(state['pids'] as StackState['pids']).flat()];
  const identities = pids.flatMap((pid) => {
    const identity = processIdentity(pid);
    return identity === undefined ? [] : [[String(pid), identity] as const];
  });
  return { ...state, identities: Object.fromEntries(identities) } as StackState;
}
