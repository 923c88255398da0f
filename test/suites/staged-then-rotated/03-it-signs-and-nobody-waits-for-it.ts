import type { RotateReply } from '@plexsphere/wire/commands';
import { throughKills } from '../../src/kills';
import { allTrust, handsOf, nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';
import { pass } from '../../src/turned-clock';

/** They hold it already: whoever is told of the switch late verifies all the same. */
export const step: Step = async (world) => {
  const { operator, promises } = handsOf(world);
  const awake = [nodeOf(world, 'edge-1'), nodeOf(world, 'edge-2')];
  const before = awake.map((node) => node.trusts);
  // Behind the kills its stage was recorded but now, and it counts from then on.
  await pass(world, world.domain, '2 s');
  const rotated = await promises.switches('k2', () =>
    throughKills(world, () =>
      operator.change<RotateReply>('signing.rotate', { scope: world.domain, new_key_id: 'k2' }),
    ),
  );
  expect(rotated).toMatchObject({ old_key_id: 'k1', new_key_id: 'k2', epoch: 3 });
  expect(before).toEqual(awake.map(() => ['k1', 'k2']));
  await allTrust(awake, ['k2', 'k1']);
};
