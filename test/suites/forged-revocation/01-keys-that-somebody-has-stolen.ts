import { PLATFORM } from '@plexsphere/wire';
import { allTrust, beginLife } from '../../src/story-hands';
import { Thief } from '../../src/thief';
import type { Step } from '../../src/tell-story';

/** The Domain's active key, the one before it, which is retired by now, and the platform's active one. */
export const step: Step = async (world) => {
  const { operator, promises } = await beginLife(world, 'k1', ['edge-1', 'edge-2']);
  const { domain: scope } = world;
  const thief = await Thief.breakIn(world, operator);
  const retired = await thief.steal(scope, 'k1');
  await promises.switches('k2', () => operator.change('signing.rotate', { scope, new_key_id: 'k2' }));
  await allTrust(world.nodes, ['k2', 'k1']);
  const close = { scope, old_key_id: 'k1', new_key_id: 'k2', force: true };
  await promises.switches('k2', () => operator.change('signing.close', close));
  await allTrust(world.nodes, ['k2']);
  const { keys } = await thief.ring(PLATFORM);
  const platform = await thief.steal(PLATFORM, keys.find(({ state }) => state === 'active')?.key_id ?? '');
  world.kept.set('thief', thief);
  world.kept.set('stolen', { retired, active: await thief.steal(scope, 'k2'), platform });
};
