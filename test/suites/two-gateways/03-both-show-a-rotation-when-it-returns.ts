import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import { GATEWAYS, beat, get, kids, nodeOf } from './hands';

interface State {
  signing_keys?: { current: string; previous?: string; transition_expires?: string };
}

export const step: Step = async (world) => {
  const node = nodeOf(world);
  /** Its stream waits, so every second answer leaves the keys out: else its daemon would take none of them for news. */
  const state = (gateway: string) =>
    eventually(async () => (await get<State>(world, gateway, `/v1/nodes/${node.id}/state`, node)).signing_keys);
  const before = await state('gateway-1');
  for (const gateway of GATEWAYS) expect(await kids(world, gateway)).toEqual(['domain-2026-04']);

  await world.json(['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'domain-2026-07']);
  // At once: nobody is told of a key by one gateway that another does not show.
  for (const gateway of GATEWAYS) {
    expect(await kids(world, gateway)).toEqual(['domain-2026-07', 'domain-2026-04']);
    const after = await state(gateway);
    expect(after).toEqual({
      current: expect.any(String),
      previous: before.current,
      transition_expires: expect.any(String),
    });
    expect(after.current).not.toBe(before.current);
    expect(await beat(world, gateway, node)).toMatchObject({ reconcile: true });
  }
  const tags = await Promise.all(
    GATEWAYS.map(async (gateway) => {
      const { headers } = await fetch(`${world.stack.gatewayUrl(gateway)}/v1/scopes/${world.domain}/jwks.json`);
      return headers.get('etag');
    }),
  );
  expect(tags[0]).toBe(tags[1]);
};
