import { eventually } from '@plexsphere/testkit';
import { throughKills } from '../../src/kills';
import { allTrust, handsOf, nodeOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const { operator, promises } = handsOf(world);
  const { domain: scope } = world;
  const request = { scope, new_key_id: 'k2', percent: 60 };
  const switched = () =>
    world.query(`SELECT FROM ring.ring_change WHERE scope = $1 AND change = 'rotate' AND switched_at IS NOT NULL`, [
      scope,
    ]);
  await promises.switches('k2', async () => {
    await throughKills(world, () => operator.change('signing.rotate-when-applied', request));
    await eventually(async () => (await switched()).length === 1, { timeoutMs: 100_000, describe: 'the switch' });
  });
  await nodeOf(world, 'silent').start();
  await allTrust(world.nodes, ['k2', 'k1']);
  await promises.expectKept();
};
