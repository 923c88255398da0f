import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import { crowdOf } from './crowds';

/** What is kept for a stream ends with it. */
export const step: Step = async (world) => {
  await crowdOf(world).end();
  const open = async (): Promise<number[]> => {
    const texts = await Promise.all(world.gatewayUrls.map(async (url) => (await fetch(`${url}/metrics`)).text()));
    return texts.map((text) => Number(/^plexsphere_gateway_streams (\d+)/m.exec(text)?.[1]));
  };
  await eventually(async () => (await open()).every((count) => count === 0), {
    timeoutMs: 60_000,
    describe: 'no stream open on either gateway',
  });
};
