import { eventually } from '@plexsphere/testkit';
import { killOneOfEach } from '../../src/kills';
import { allTrust, handsOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';
import { pass } from '../../src/turned-clock';

/** Three due times have passed when both replicas come back, at once; and while they act one dies again. */
export const step: Step = async (world) => {
  const { promises } = handsOf(world);
  const { domain: scope } = world;
  const rotations = world.stack.services('rotation');
  const keyId = await promises.switches(String, async () => {
    await Promise.all(rotations.map((rotation) => rotation.kill()));
    await pass(world, scope, '22 days');
    await Promise.all(rotations.map((rotation) => rotation.start()));
    await killOneOfEach(world);
    // Staged, heard of by both Nodes, propagated, and switched.
    const [switched] = await eventually(
      async () => {
        const rows = await world.query<{ active_key_id: string }>(
          `SELECT active_key_id FROM ring.ring_change WHERE scope = $1 AND change = 'rotate' AND switched_at IS NOT NULL`,
          [scope],
        );
        return rows.length > 0 ? rows : undefined;
      },
      { timeoutMs: 100_000, describe: 'the rotation by the schedule' },
    );
    return switched?.active_key_id ?? '';
  });
  expect(keyId).toMatch(/^domain-\d{4}-\d\d-\d\d$/);
  await allTrust(world.nodes, [keyId, 'k1']);
  world.kept.set('key id', keyId);
};
