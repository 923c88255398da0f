import { parseCreds } from '@plexsphere/testkit';
import { createBusKey } from '@plexsphere/wire';
import type { Step } from '../../src/tell-story';
import { makeNode } from '../../suites/permissions/hands';
import { Host, cutWithin, refused } from './hands';

export const step: Step = async (world) => {
  const { id, creds } = await makeNode(world, world.domain, 'db-mirror');
  const given = parseCreds(creds);
  const host = new Host(world, id, { seed: given.seed, publicKey: given.publicKey }, given.jwt);
  expect(await host.ask()).toMatchObject({ code: 'FAILED_PRECONDITION' });
  const old = await host.dial();
  const next = createBusKey('user');
  const before = new Host(world, id, host.key, host.token);
  host.hold(await host.proves('key', host.change(next)), next);
  expect((await host.confirm()).code).toBe('OK');
  await cutWithin(old, 35);
  await expect(before.dial()).rejects.toMatchObject(refused);
  expect(await host.ask()).toMatchObject({ code: 'OK', body: { generation: 1, name: 'db-mirror' } });
};
