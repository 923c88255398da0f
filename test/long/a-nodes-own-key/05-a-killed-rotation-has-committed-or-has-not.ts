import { createBusKey } from '@plexsphere/wire';
import { setTimeout as delay } from 'node:timers/promises';
import type { Step } from '../../src/tell-story';
import { theHost } from './hands';

/** Whenever a replica dies, the request that it had at hand is wholly there or not at all, and is answered by the other one. */
export const step: Step = async (world) => {
  const host = theHost(world);
  const replicas = world.stack.services('rotation');
  for (const [turn, waitMs] of [0, 3, 8, 15, 25, 40].entries()) {
    const next = createBusKey('user');
    const generation = host.generation + 1;
    const request = await host.change(next);
    const asked = host.proves('key', request).catch(() => undefined);
    await delay(waitMs);
    const dying = replicas[turn % 2];
    await dying?.kill();
    await asked;
    host.hold(await host.proves('key', request), next);
    expect(host.generation).toBe(generation);
    expect((await host.confirm()).code).toBe('OK');
    await dying?.start();
  }
  const keys = await world.query<{ state: string }>(
    'SELECT state FROM ring.node_key WHERE node_id = $1 ORDER BY generation',
    [host.id],
  );
  expect(keys.map(({ state }) => state)).toEqual([...keys.slice(1).map(() => 'retired'), 'active']);
};
