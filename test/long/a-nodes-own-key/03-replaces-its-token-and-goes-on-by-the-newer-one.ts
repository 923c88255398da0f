import { setTimeout as delay } from 'node:timers/promises';
import { credsText } from '@plexsphere/wire';
import { readNodeToken } from '@plexsphere/wire/jws';
import type { Step } from '../../src/tell-story';
import { dial } from '../../suites/permissions/hands';
import { cutWithin, refused, theHost } from './hands';

/** Both are of one key, and a second apart: the one that is replaced is refused at its own second. */
export const step: Step = async (world) => {
  const host = theHost(world);
  host.hold(await host.renew({ replace: false }));
  const [former, issuedAt] = [credsText(host.token, host.key.seed), readNodeToken(host.token).issuedAt];
  const old = await host.dial();
  host.hold(await host.renew({ replace: true }));
  expect(readNodeToken(host.token).issuedAt - issuedAt).toBeLessThanOrEqual(2);
  const moved = await host.dial();
  expect((await host.confirm()).code).toBe('OK');
  await cutWithin(old, 35);
  await expect(dial(world, former, { kind: 'node', id: host.id })).rejects.toMatchObject(refused);
  // Whatever the bus does to the old one it has done by now.
  await delay(500);
  expect(moved.isClosed()).toBe(false);
  await moved.close();
};
