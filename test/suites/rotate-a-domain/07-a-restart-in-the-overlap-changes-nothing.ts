import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const count = () =>
    world.query<{ rows: number }>(
      `SELECT count(*)::int AS rows FROM outbox.key_message JOIN ring.node ON node.id = node_id WHERE scope = $1`,
      [world.domain],
    );
  const before = await count();
  await Promise.all(world.stack.services('signer').map((signer) => signer.restart()));
  await Promise.all(world.stack.services('rotation').map((rotation) => rotation.restart()));
  const signed = await world.json<{ key_id: string }>(['signing', 'sign', '--scope', world.domain], '{}');
  expect(signed.key_id).toBe('domain-2026-05');
  expect(await world.kids(world.domain)).toEqual(['domain-2026-05', 'domain-2026-04']);
  expect(await count()).toEqual(before);
};
