import { eventually } from '@plexsphere/testkit';
import type { RotateWhenAppliedReply } from '@plexsphere/wire/commands';
import { killInTurn } from '../../src/kills';
import { handsOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';
import { pass } from '../../src/turned-clock';

/** One that is off counts. Past the deadline nothing is switched. */
export const step: Step = async (world) => {
  const { operator } = handsOf(world);
  const { domain: scope } = world;
  const request = { scope, new_key_id: 'k2', percent: 100 };
  const asked = await operator.change<RotateWhenAppliedReply>('signing.rotate-when-applied', request);
  expect(asked).toMatchObject({ old_key_id: 'k1', new_key_id: 'k2', enrolled: 3, needed: 3 });
  await killInTurn(world);
  const outcome = () =>
    world.query<{ outcome: string | null }>('SELECT outcome FROM ring.promotion WHERE scope = $1', [scope]);
  expect(await outcome()).toEqual([{ outcome: null }]);
  await pass(world, scope, '25 hours');
  await eventually(async () => (await outcome())[0]?.outcome === 'dropped', { describe: 'the order dropped' });
  expect(await world.kids(scope)).toEqual(['k1', 'k2']);
};
