import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import { expectCalm, haveBeenTurnedAway, nodesOf } from './hands';

export const step: Step = async (world) => {
  const nodes = nodesOf(world);
  const sinceMs = performance.now();
  const before = await nodes.publish();
  await world.stack.postgres.kill();
  await haveBeenTurnedAway(world, sinceMs, 10);
  // One that begins meanwhile says 503 until there is something to say, and comes up by itself.
  const [, second] = world.stack.services('gateway');
  await second!.kill();
  const starting = second!.start();
  const ping = () => fetch(`${nodes.urls[1]}/v1/ping`).then(({ status }) => status);
  await eventually(async () => (await ping()) === 503, { describe: 'the gateway listening' });
  await world.stack.postgres.start();
  await starting;
  const after = await nodes.publish();
  await nodes.haveAll(before);
  await nodes.haveAll(after);
  expectCalm(world, sinceMs);
  expect(nodes.refusals).toEqual([]);
};
