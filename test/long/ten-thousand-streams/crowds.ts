import type { StreamCrowd } from '../../src/stream-crowd';
import type { World } from '../../src/world';

export const STREAMS = 10_000;
/** As the contract's client. */
export const CUT_MS = 30_000;

export const crowdOf = (world: World): StreamCrowd => world.kept.get('crowd') as StreamCrowd;

/** Shown beside the story, because the figures are what it is about. */
export const report = (what: string, figures: unknown): void =>
  void process.stdout.write(`${what}: ${JSON.stringify(figures)}\n`);

export const quantile = (numbers: readonly number[], share: number): number =>
  Math.round(10 * ([...numbers].sort((a, b) => a - b)[Math.floor(numbers.length * share)] ?? Number.NaN)) / 10;

/** The longest time in which a gateway did nothing else, since it was asked last. */
export async function longestHolds(world: World): Promise<number[]> {
  const texts = await Promise.all(world.gatewayUrls.map(async (url) => (await fetch(`${url}/metrics`)).text()));
  return texts.map((text) => Math.round(1_000 * Number(/^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(text)?.[1])));
}
