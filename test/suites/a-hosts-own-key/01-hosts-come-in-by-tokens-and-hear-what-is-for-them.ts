import { EventSource, eventually } from '@plexsphere/testkit';
import { EdgeHost } from '../../src/edge-host';
import type { Step } from '../../src/tell-story';
import type { Fleet } from './hands';

const EVERY_MS = 200;

export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  const hosts: Fleet['hosts'] = await Promise.all([
    EdgeHost.enrolByHand(world, 'web-east-1'),
    EdgeHost.enrol(world, 'web-east-2'),
    EdgeHost.enrol(world, 'db-1'),
    EdgeHost.enrol(world, 'db-mirror-2'),
  ]);
  await Promise.all(hosts.map((host) => host.start()));
  const { natsUrl, tokenFile } = world.stack;
  const source = await EventSource.connect({ natsUrl, tokenFile, scope: world.domain, everyMs: EVERY_MS });
  world.afterwards(() => source.stop());
  source.start();
  world.kept.set('fleet', { hosts, source } satisfies Fleet);
  await eventually(() => hosts.every(({ heard }) => heard.length >= 5), { describe: 'everybody hearing events' });
};
