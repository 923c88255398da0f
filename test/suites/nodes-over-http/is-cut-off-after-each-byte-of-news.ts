import { seededRandom } from '@plexsphere/testkit';
import { CuttingProxy } from '../../src/cutting-proxy';
import { HttpNodes } from '../../src/http-nodes';
import type { Step } from '../../src/tell-story';

/** More than any news of keys has: whoever gets there was cut off everywhere before. */
const MOST_BYTES = 4_000;

/** After some of them in every run, and after all in the long tests, where each Node takes its part. */
const ALL = process.env['TEST_NEWS_CUTS'] === 'all';
const NODES = ALL ? 64 : 8;
const SOME = 34;
const MOST_ROTATIONS = 6;
/** So many of them are slower, or they keep a small machine from anything else. */
const BEATS = ALL ? { cutMs: 12_000, heartbeatMs: 8_000, stateMs: 28_000 } : {};

export const step: Step = async (world) => {
  const nodes = await HttpNodes.begin(world);
  const proxies = await Promise.all(Array.from({ length: NODES }, (_, n) => CuttingProxy.start(nodes.urls[n % 2]!)));
  world.afterwards(async () => void (await Promise.all(proxies.map((proxy) => proxy.stop()))));
  await Promise.all(proxies.map((proxy, n) => nodes.add(`edge-${n + 1}`, BEATS, [proxy.url])));
  await nodes.haveApplied();
  nodes.publishSteadily(2_000);
  for (const [index, bytes] of cuts().entries()) proxies[index % NODES]!.cuts.push(bytes);
  const at = (): Set<number> => new Set(proxies.flatMap(({ cutAt }) => cutAt));
  // On a machine that is slow, whoever is not through by then has learned of the keys by a state: they get news again.
  for (
    let rotations = 0;
    rotations === 0 || (!ALL && at().size <= SOME / 2 && rotations < MOST_ROTATIONS);
    rotations++
  ) {
    await nodes.rotate();
    await nodes.haveApplied();
    await nodes.haveAll(await nodes.publish());
    await nodes.close();
  }
  const longest = Math.max(...proxies.map((proxy) => proxy.longest));
  console.info(`cut off after ${at().size} of ${longest + 1} bytes`);
  if (ALL) expect(proxies.flatMap((proxy) => proxy.cuts)).toEqual([]);
  else expect(at().size).toBeGreaterThan(SOME / 2);
  await nodes.expectKept();
};

/** The first bytes and those in which its lines begin, and some between; or all. */
function cuts(): number[] {
  if (ALL) return Array.from({ length: MOST_BYTES }, (_, bytes) => bytes);
  const random = seededRandom();
  return [0, 1, 26, 27, 33, 34, ...Array.from({ length: SOME }, () => random.integer(35, 1_900))];
}
