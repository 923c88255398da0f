import { eventually, loseDisk } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';

/** It comes back without streams and without accounts, and admits nobody before rotation has pushed the account. */
export const step: Step = async (world) => {
  const { nats } = world.stack;
  await nats.kill();
  await loseDisk(nats);
  await nats.start();
  const publish = ['events', 'publish', '--scope', world.domain, '--event-type', 'route_updated'];
  await eventually(async () => (await world.plexctl(publish, '{"after":true}')).exitCode === 0, {
    describe: 'the bus admitting an operator again',
  });
};
