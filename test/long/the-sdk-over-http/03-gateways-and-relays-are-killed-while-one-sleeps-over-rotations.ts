import { allTrust, handsOf, nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';
import { forceClose, rotate } from './hands';

export const step: Step = async (world) => {
  const { promises } = handsOf(world);
  await nodeOf(world, 'sleeper').stop();
  const awake = world.nodes.filter(({ name }) => name !== 'sleeper');
  const [one, another] = world.stack.services('gateway');
  const [relay] = world.stack.services('outbox-relay');

  await one!.kill();
  await promises.switches('k3', () => rotate(world, 'k3'));
  await allTrust(awake, ['k3', 'k2']);
  await forceClose(world, 'k2', 'k3');

  // Whoever has its stream there finds the other one.
  await one!.start();
  await Promise.all([another!.kill(), relay!.kill()]);
  await promises.switches('k4', () => rotate(world, 'k4'));
  await allTrust(awake, ['k4', 'k3']);
  await forceClose(world, 'k3', 'k4');

  await Promise.all([another!.start(), relay!.start()]);
  await promises.switches('k5', () => rotate(world, 'k5'));
  await allTrust(awake, ['k5', 'k4']);
};
