import { eventually } from '@plexsphere/testkit';
import { nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

/** Its stream may be open still: what it says next is turned away, once a minute at the least. */
export const step: Step = async (world) => {
  const node = nodeOf(world, 'http-1');
  await world.json(['node', 'remove', '--scope', world.domain, '--name', 'http-1']);
  await eventually(() => node.turnedAway.length > 0, { timeoutMs: 120_000, describe: 'the Node told' });
  expect(node.turnedAway[0]).toMatchObject({ reason: '403', attempts: 1 });
};
