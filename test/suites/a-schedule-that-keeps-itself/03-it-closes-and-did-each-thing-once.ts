import { eventually } from '@plexsphere/testkit';
import { killInTurn } from '../../src/kills';
import { allTrust, handsOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';
import { pass } from '../../src/turned-clock';

export const step: Step = async (world) => {
  const keyId = world.kept.get('key id') as string;
  const { domain: scope } = world;
  await Promise.all([pass(world, scope, '25 hours'), killInTurn(world)]);
  await eventually(async () => (await world.kids(scope)).join() === keyId, { describe: 'the close' });
  await allTrust(world.nodes, [keyId]);
  const did = await world.query<{ action: string }>(
    `SELECT action FROM ring.audit WHERE scope = $1 AND actor = 'rotation' ORDER BY id`,
    [scope],
  );
  expect(did.map(({ action }) => action)).toEqual(['signing.stage', 'signing.rotate', 'signing.close']);
  expect(await world.query('SELECT FROM ring.schedule WHERE scope = $1', [scope])).toHaveLength(1);
  await handsOf(world).promises.expectKept();
};
