import { createBusKey, credsText } from '@plexsphere/wire';
import type { Step } from '../../src/tell-story';
import { dial } from '../../suites/permissions/hands';
import { cutWithin, refused, theHost } from './hands';

export const step: Step = async (world) => {
  const host = theHost(world);
  const [old, before] = [await host.dial(), credsText(host.token, host.key.seed)];
  const next = createBusKey('user');
  const request = await host.change(next);
  const answer = await host.proves('key', request);
  host.hold(answer, next);
  const moved = await host.dial();
  expect(await host.confirm()).toMatchObject({ code: 'OK', body: { generation: 2 } });
  // What is superseded goes at most half a minute later, and a turn.
  await cutWithin(old, 35);
  await expect(dial(world, before, { kind: 'node', id: host.id })).rejects.toMatchObject(refused);
  expect(moved.isClosed()).toBe(false);
  await moved.close();
  // The reply was lost, somebody may think, and sends it again.
  const again = await host.proves('key', request);
  expect({ ...again.body, now: '' }).toEqual({ ...answer.body, now: '' });
};
