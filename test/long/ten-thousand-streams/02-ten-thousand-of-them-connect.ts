import { eventually } from '@plexsphere/testkit';
import { costsOf } from '../../src/process-costs';
import { StreamCrowd } from '../../src/stream-crowd';
import type { Step } from '../../src/tell-story';
import { CUT_MS, STREAMS, crowdOf, report } from './crowds';

/** What a stream may keep of a gateway: its socket, what Node.js has for it, its own few objects. */
const MOST_BYTES = 64 * 1_024;

export const step: Step = async (world) => {
  const before = costsOf(world).memory;
  const ids = world.kept.get('ids') as string[];
  world.kept.set('crowd', StreamCrowd.begin(world, ids, { cutMs: CUT_MS, overMs: CUT_MS }));
  await eventually(async () => (await crowdOf(world).look()).open > 0.95 * STREAMS, {
    timeoutMs: 120_000,
    describe: 'almost all of them connected at once',
  });
  const after = costsOf(world).memory;
  const each = ['gateway-1', 'gateway-2'].map((name) => ((after[name] ?? 0) - (before[name] ?? 0)) / (STREAMS / 2));
  report(
    'memory of a gateway a stream, in KiB',
    each.map((bytes) => Math.round(bytes / 102.4) / 10),
  );
  for (const bytes of each) expect(bytes).toBeLessThan(MOST_BYTES);
};
