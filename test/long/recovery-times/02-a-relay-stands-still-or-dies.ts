import { setTimeout as delay } from 'node:timers/promises';
import type { Step } from '../../src/tell-story';
import { longestSilence, report } from './silence';

/** P-8: bounded by the claim, 5 s, that the relay held when it stood still. */
const WITHIN_S = 9;

export const step: Step = async (world) => {
  const [first, second] = world.stack.services('outbox-relay');
  const frozen = await longestSilence(world, async () => {
    first?.pause();
    await delay(12_000);
  });
  first?.resume();
  report('a relay stands still, silence', frozen);
  const killed = await longestSilence(world, async () => {
    await second?.kill();
    await delay(8_000);
  });
  await second?.start();
  report('a relay is killed, silence', killed);
  expect(Math.max(frozen, killed)).toBeLessThan(WITHIN_S + Number(world.kept.get('usual')));
};
