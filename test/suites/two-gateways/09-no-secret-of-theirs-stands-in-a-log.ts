import type { Step } from '../../src/tell-story';

export const step: Step = async (world) => {
  const secrets = world.kept.get('secrets') as string[];
  expect(secrets.length).toBeGreaterThan(3);
  for (const service of world.stack.services()) {
    const log = JSON.stringify(service.logs(0));
    for (const secret of secrets) expect([service.name, log.includes(secret)]).toEqual([service.name, false]);
  }
};
