import type { Step } from '../../src/tell-story';
import { admin, askAs } from '../../suites/permissions/hands';
import { cutWithin, refused, theHost } from './hands';

export const step: Step = async (world) => {
  const host = theHost(world);
  const connection = await host.dial();
  const cut = cutWithin(connection, 5);
  const answer = await askAs(world, await admin(world), 'edge.revoke', { node_id: host.id, reason: 'stolen' });
  expect(answer).toMatchObject({ code: 'OK', body: { node_id: host.id, pushed: true } });
  await cut;
  await expect(host.dial()).rejects.toMatchObject(refused);
  const told = { code: 'PERMISSION_DENIED', body: { detail: 'signing: node revoked' } };
  expect(await host.ask()).toMatchObject(told);
  expect(await host.renew({ replace: false })).toMatchObject(told);
};
