import { randomUUID } from 'node:crypto';
import { pastSilence } from '../../src/past-silence';
import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const ids = Array.from({ length: 4 }, () => randomUUID());
  await Promise.all(ids.map((id) => world.json(['domain', 'create', '--id', id, '--key-id', 'k1'])));
  const rotate = (id: string) =>
    pastSilence(world, ['signing', 'rotate', '--scope', `domain:${id}`, '--new-key-id', 'k2']);
  const ran = await Promise.all(ids.map(rotate));
  expect(ran.map((each) => each.exitCode)).toEqual(ids.map(() => 0));
};
