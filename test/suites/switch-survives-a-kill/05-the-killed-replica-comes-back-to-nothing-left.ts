import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const count = `SELECT count(*)::int AS rows FROM outbox.event`;
  const before = await world.query(count);
  await Promise.all(
    world.stack.services('rotation').map(async (rotation) => (rotation.running ? undefined : rotation.start())),
  );
  expect(await world.query(count)).toEqual(before);
  await world.json(['signing', 'close', '--scope', world.domain, '--old', 'k1', '--new', 'k2']);
  expect(await world.kids(world.domain)).toEqual(['k2']);
};
