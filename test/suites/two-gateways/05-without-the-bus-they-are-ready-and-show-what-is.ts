import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import { GATEWAYS, at, beat, get, kids, nodeOf } from './hands';

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
  await world.stack.nats.start();
  for (const gateway of GATEWAYS) {
    await eventually(async () => (await fetch(at(world, gateway, `/v1/scopes/${world.domain}/chain`))).ok);
    await eventually(
      async () => (await get<{ bundle: string | null }>(world, gateway, `/v1/scopes/${world.domain}/chain`)).bundle,
      { describe: `a bundle from ${gateway}`, timeoutMs: 60_000 },
    );
    expect(await readiness(gateway)).toBe('200 ok\n');
  }
};
