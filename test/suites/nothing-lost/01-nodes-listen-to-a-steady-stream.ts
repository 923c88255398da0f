import { EventSource } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';

const NODES = 6;

export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k0']);
  for (let i = 1; i <= NODES; i++) await (await world.addNode(world.domain, `edge-${i}`)).start();
  const { natsUrl, tokenFile } = world.stack;
  const source = await EventSource.connect({ natsUrl, tokenFile, scope: world.domain });
  world.afterwards(() => source.stop());
  source.start();
  world.kept.set('source', source);
};
