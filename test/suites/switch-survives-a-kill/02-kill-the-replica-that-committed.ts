import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const committer = world.stack
    .services('rotation')
    .find((rotation) => rotation.logs().some((line) => line.msg === 'rotation opened'));
  expect(committer).toBeDefined();
  await committer?.kill();
  world.kept.set('killed at', Date.now());
};
