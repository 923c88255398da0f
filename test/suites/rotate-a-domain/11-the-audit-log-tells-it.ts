import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const rows = await world.query<{ action: string }>(
    `SELECT action, actor, before, after FROM ring.audit WHERE scope = $1 ORDER BY id`,
    [world.domain],
  );
  const actions = rows.map((row) => row.action).filter((action) => action !== 'signing.sign');
  expect(actions).toEqual(['domain.create', 'node.add', 'node.add', 'node.add', 'signing.rotate', 'signing.close']);
};
