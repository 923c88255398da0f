import type { Step } from '../../src/tell-story';
import { GATEWAYS, beat, get, kids, nodeOf } from './hands';

interface State {
  signing_keys: { current: string; previous?: string; transition_expires?: string };
}

export const step: Step = async (world) => {
  const node = nodeOf(world);
  const path = `/v1/nodes/${node.id}/state`;
  const before = await get<State>(world, 'gateway-1', path, node);
  expect(before.signing_keys).toEqual({ current: expect.any(String) });
  for (const gateway of GATEWAYS) expect(await kids(world, gateway)).toEqual(['domain-2026-04']);

  await world.json(['signing', 'rotate', '--scope', world.domain, '--new-key-id', 'domain-2026-07']);
  // At once: nobody is told of a key by one gateway that another does not show.
  for (const gateway of GATEWAYS) {
    expect(await kids(world, gateway)).toEqual(['domain-2026-07', 'domain-2026-04']);
    const after = await get<State>(world, gateway, path, node);
    expect(after.signing_keys).toEqual({
      current: expect.not.stringMatching(before.signing_keys.current.replace(/[+]/g, '\\+')),
      previous: before.signing_keys.current,
      transition_expires: expect.any(String),
    });
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
