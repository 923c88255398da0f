import { setTimeout as delay } from 'node:timers/promises';
import type { World } from '../../src/world';
import type { BenchWorld } from './bench-world';

/** After what was begun or written: what follows it is over. A quick run does not wait for all of it. */
const SETTLED_AFTER_MS = { full: 5_000, quick: 2_000 };

export interface Idle {
  /** CPU seconds by process. */
  cpu: Record<string, number>;
  /** The same as shares of one core, in per cent. */
  shares: Record<string, number>;
}

/** What each process of a stack uses while nobody does anything. */
export async function idleOf(bench: BenchWorld, world: World, seconds: number): Promise<Idle> {
  await world.query('CHECKPOINT');
  await delay(SETTLED_AFTER_MS[bench.quick ? 'quick' : 'full']);
  const beganAt = performance.now();
  const meter = bench.cpuOfStack(world);
  await delay(1_000 * seconds);
  const cpu = meter.seconds();
  const tookSeconds = (performance.now() - beganAt) / 1_000;
  const shares = Object.entries(cpu).map(([name, used]) => [name, Math.round((10_000 * used) / tookSeconds) / 100]);
  return { cpu, shares: Object.fromEntries(shares) as Record<string, number> };
}
