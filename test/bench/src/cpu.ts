import { cpuMsOf } from '../../src/process-costs';

/** CPU seconds of processes, with all that they have begun, since the meter was made. */
export class CpuMeter {
  private readonly before: Record<string, number>;

  constructor(private readonly pids: Readonly<Record<string, number | undefined>>) {
    this.before = this.now();
  }

  /** By the names under which they were given. */
  seconds(): Record<string, number> {
    const now = this.now();
    return Object.fromEntries(
      Object.entries(now).map(([name, seconds]) => [
        name,
        Math.round(1_000 * (seconds - (this.before[name] ?? 0))) / 1_000,
      ]),
    );
  }

  private now(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.pids).map(([name, pid]) => [name, secondsOf(pid ?? 0)]));
  }
}

/** All processes are our children: of ourselves it is what we alone have used. */
function secondsOf(pid: number): number {
  if (pid !== process.pid) return cpuMsOf(pid) / 1_000;
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

/** Of several rounds. */
export function total(cpus: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const cpu of cpus) {
    for (const [name, seconds] of Object.entries(cpu))
      sums[name] = Math.round(1_000 * ((sums[name] ?? 0) + seconds)) / 1_000;
  }
  return sums;
}

/** Milliseconds of CPU for each of so many, in all rounds together. */
export const cpuMsEach = (cpus: readonly Readonly<Record<string, number>>[], count: number): number =>
  (1_000 * Object.values(total(cpus)).reduce((sum, seconds) => sum + seconds, 0)) / (cpus.length * count);
