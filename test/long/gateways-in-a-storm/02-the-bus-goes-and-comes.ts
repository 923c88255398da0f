import type { Step } from '../../src/tell-story';
import { haveBeenTurnedAway, outlives } from './hands';

export const step: Step = (world) =>
  outlives(world, async (sinceMs) => {
    await world.stack.nats.kill();
    await haveBeenTurnedAway(world, sinceMs, 10);
    await world.stack.nats.start();
  });
