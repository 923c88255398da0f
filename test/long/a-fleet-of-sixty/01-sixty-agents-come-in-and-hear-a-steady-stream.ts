import { EventSource, eventually } from '@plexsphere/testkit';
import { EdgeCrowd } from '../../src/edge-crowd';
import { EdgeHost } from '../../src/edge-host';
import type { Step } from '../../src/tell-story';
import { everyone, type Fleet } from './hands';

const PROCESSES = 6;
const NODES = 60;
const EVERY_MS = 500;
/** Less than the room that a key change makes for its answer, and more than whom a Node trusts. */
const FULL_AT_BYTES = 4_096;

export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  const names = Array.from({ length: NODES - 2 }, (_, index) => `edge-${index + 1}`);
  const crowds = await Promise.all(
    Array.from({ length: PROCESSES }, (_, index) =>
      EdgeCrowd.begin(
        world,
        names.filter((_name, place) => place % PROCESSES === index),
      ),
    ),
  );
  const [away, full] = [await EdgeHost.enrol(world, 'away'), await EdgeHost.enrol(world, 'full')];
  await Promise.all([away.start(), full.start({ fullAtBytes: FULL_AT_BYTES })]);
  const { natsUrl, tokenFile } = world.stack;
  const source = await EventSource.connect({ natsUrl, tokenFile, scope: world.domain, everyMs: EVERY_MS });
  world.afterwards(() => source.stop());
  const fleet: Fleet = { crowds, away, full, source };
  await eventually(async () => (await everyone(fleet)).every(({ status }) => status.connected), {
    describe: 'everybody being connected',
  });
  source.start();
  world.kept.set('fleet', fleet);
  const hears = ({ heard }: { heard: unknown[] }): boolean => heard.length > 0;
  await eventually(async () => [away, full, ...(await everyone(fleet))].every(hears), {
    describe: 'everybody hearing events',
  });
};
