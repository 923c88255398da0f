import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';
import { GATEWAYS, at, beat, get, kids, nodeOf } from './hands';

/** One that knows nothing but what the database says serves that at once, and lets nobody keep what rotation has not said. */
async function startsWithoutBus(world: World, name: string): Promise<() => Promise<void>> {
  const node = nodeOf(world);
  const gateway = world.stack.services('gateway').find((each) => each.name === name);
  await gateway?.kill();
  const starting = gateway?.start();
  const state = () => get(world, name, `/v1/nodes/${node.id}/state`, node).catch(() => undefined);
  await eventually(state, { describe: `a state from ${name}`, timeoutMs: 60_000 });
  expect(await kids(world, name)).toEqual(['domain-2026-07']);
  const jwks = await fetch(at(world, name, `/v1/scopes/${world.domain}/jwks.json`));
  expect(jwks.headers.get('cache-control')).toBe('public, max-age=0');
  expect(await get(world, name, `/v1/scopes/${world.domain}/chain`)).toMatchObject({ bundle: null });
  const headers = { authorization: `Bearer ${node.secret}` };
  const events = await fetch(at(world, name, `/v1/nodes/${node.id}/events`), { headers });
  expect([events.status, await events.json()]).toEqual([
    503,
    expect.objectContaining({ code: 'event_stream_unavailable' }),
  ]);
  await beat(world, name, node);
  return async () => void (await starting);
}

export const step: Step = async (world) => {
  const node = nodeOf(world);
  const readiness = async (name: string) => {
    const health = world.stack.services('gateway').find((each) => each.name === name)?.health;
    const response = await fetch(`http://${health}/readyz`);
    return `${response.status} ${await response.text()}`;
  };
  await world.stack.nats.stop();
  for (const gateway of GATEWAYS) {
    await eventually(async () => (await readiness(gateway)).includes('bus: disconnected'));
    expect(await readiness(gateway)).toBe('200 ok\nwarning: bus: disconnected\n');
    await get(world, gateway, `/v1/nodes/${node.id}/state`, node);
    await beat(world, gateway, node);
    expect(await kids(world, gateway)).toEqual(['domain-2026-07']);
    const chain = await get<{ statements: string[]; bundle: null }>(world, gateway, `/v1/scopes/${world.domain}/chain`);
    expect(chain).toMatchObject({ more: false, bundle: null });
    expect(chain.statements.length).toBeGreaterThan(1);
  }
  const started = await startsWithoutBus(world, 'gateway-2');
  await world.stack.nats.start();
  await started();
  for (const gateway of GATEWAYS) {
    await eventually(async () => (await fetch(at(world, gateway, `/v1/scopes/${world.domain}/chain`))).ok);
    await eventually(
      async () => (await get<{ bundle: string | null }>(world, gateway, `/v1/scopes/${world.domain}/chain`)).bundle,
      { describe: `a bundle from ${gateway}`, timeoutMs: 60_000 },
    );
    expect(await readiness(gateway)).toBe('200 ok\n');
  }
};
