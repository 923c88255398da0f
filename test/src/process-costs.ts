/** What the processes of a stack cost, as Linux counts it. */
import { readFileSync, readdirSync } from 'node:fs';
import type { World } from './world';

/** Of a process' line in /proc, in hundredths of a second; and of those that it has waited for. */
const TICK_MS = 10;

export interface Costs {
  /** In milliseconds, by the name of the process. */
  cpuMs: Record<string, number>;
  /** In bytes. */
  memory: Record<string, number>;
}

export function costsOf(world: World): Costs {
  const parts = world.stack.processes().map((each): [string, number] => [each.name, each.pid ?? 0]);
  const children = childrenOf();
  return {
    cpuMs: Object.fromEntries(parts.map(([name, pid]) => [name, cpuMsOf(pid, children)])),
    memory: Object.fromEntries(parts.map(([name, pid]) => [name, residentBytes(pid)])),
  };
}

/** A process' own, and that of all that it has begun. */
export function cpuMsOf(pid: number, children = childrenOf()): number {
  const family = (parent: number): number[] => [parent, ...(children.get(parent) ?? []).flatMap(family)];
  return sum(family(pid).map(cpuMs)) + waitedForMs(pid);
}

/** Of one core, between the two. */
export const sharesOf = (before: Costs, after: Costs, ms: number): Record<string, number> =>
  Object.fromEntries(
    Object.entries(after.cpuMs).map(([name, cpu]) => [
      name,
      Math.round((1_000 * (cpu - (before.cpuMs[name] ?? 0))) / ms) / 1_000,
    ]),
  );

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

const cpuMs = (pid: number): number => ticks(pid, 11) + ticks(pid, 12);
/** PostgreSQL has a process a connection: what those took that are gone. */
const waitedForMs = (pid: number): number => ticks(pid, 13) + ticks(pid, 14);

function ticks(pid: number, field: number): number {
  return Number(statOf(pid)?.[field] ?? 0) * TICK_MS;
}

/** Behind the name, which may hold anything. */
function statOf(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
  } catch {
    return undefined;
  }
}

function childrenOf(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    const parent = Number(statOf(Number(name))?.[1] ?? 0);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  return children;
}

export function residentBytes(pid: number): number {
  try {
    return 1_024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
