import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const node = await world.addNode(world.domain, 'edge-1');
  await node.start();
  await world.json(['signing', 'rotate', '--scope', 'platform', '--new-key-id', 'platform-2026-07']);
  await eventually(() => node.trustsPlatform[0] === 'platform-2026-07', {
    timeoutMs: 10_000,
    describe: "the Domain's Node trusting the new platform key",
  });
  expect(node.trustsPlatform).toEqual(['platform-2026-07', 'platform-2026-06']);
  expect(node.refused).toEqual([]);
};
