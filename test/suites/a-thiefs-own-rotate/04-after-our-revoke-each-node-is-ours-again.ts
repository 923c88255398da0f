import { eventually } from '@plexsphere/testkit';
import { throughKills } from '../../src/kills';
import { allTrust, forksOf, handsOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const { operator, promises } = handsOf(world);
  const revoke = { scope: world.domain, key_id: 'k1', reason: 'stolen', new_key_id: 'k2' };
  await promises.switches('k2', () => throughKills(world, () => operator.change('signing.revoke', revoke)));
  await allTrust(world.nodes, ['k2']);
  await eventually(async () => (await forksOf(world, world.domain)).length === 0, { describe: 'no fork shown' });
  await promises.expectKept({ forgeries: ['next_not_kept'] });
};
