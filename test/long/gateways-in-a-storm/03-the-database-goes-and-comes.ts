import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import { haveBeenTurnedAway, nodesOf, outlives } from './hands';

export const step: Step = (world) =>
  outlives(world, async (sinceMs) => {
    await world.stack.postgres.kill();
    await haveBeenTurnedAway(world, sinceMs, 10);
    // One that begins meanwhile says 503 until there is something to say, and comes up by itself.
    const [, second] = world.stack.services('gateway');
    await second!.kill();
    const starting = second!.start();
    const ping = () => fetch(`${nodesOf(world).urls[1]}/v1/ping`).then(({ status }) => status);
    await eventually(async () => (await ping()) === 503, { describe: 'the gateway listening' });
    await world.stack.postgres.start();
    await starting;
  });
