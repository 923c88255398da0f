import type { World } from '../../src/world';

/** Seconds that each of `count` commands took, one after the other; each has to succeed. */
export async function commandTimes(world: World, count: number): Promise<number[]> {
  const seconds: number[] = [];
  for (let n = 0; n < count; n++) {
    const begunAt = performance.now();
    await world.json(['signing', 'jwks', '--scope', 'platform']);
    seconds.push((performance.now() - begunAt) / 1_000);
  }
  return seconds;
}

export const mean = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;

/** Shown beside the story, because the figures are what it is about. */
export function report(what: string, seconds: readonly number[], usual: number): void {
  const [average, slowest] = [mean(seconds), Math.max(...seconds)].map((n) => n.toFixed(2));
  const ratio = (mean(seconds) / usual).toFixed(1);
  process.stdout.write(`${what}: mean ${average} s, slowest ${slowest} s, ${ratio} times the usual\n`);
}
