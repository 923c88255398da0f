import { setTimeout as delay } from 'node:timers/promises';
import type { Step } from '../../src/tell-story';
import { longestSilence, nodesListen, report } from './silence';

/** P-8: what the other figures are to be read against. */
export const step: Step = async (world) => {
  await nodesListen(world);
  const seconds = await longestSilence(world, () => delay(5_000));
  report('nothing happens, silence', seconds);
  world.kept.set('usual', seconds);
};
