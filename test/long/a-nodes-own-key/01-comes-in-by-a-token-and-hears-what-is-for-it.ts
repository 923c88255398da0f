import { readNodeToken } from '@plexsphere/wire/jws';
import { subjects } from '@plexsphere/wire';
import type { Step } from '../../src/tell-story';
import { allowed } from '../../suites/permissions/hands';
import { enroll, remember } from './hands';

export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  const host = await enroll(world, 'web-east');
  remember(world, host);
  const { publicKey, expiresAt = 0, issuedAt } = readNodeToken(host.token);
  expect([publicKey, expiresAt - issuedAt]).toEqual([host.key.publicKey, 7 * 86_400]);
  const bus = await host.dial();
  const refused: string[] = [];
  for (const subject of [subjects.nodeEvents(host.id), subjects.nodeOrder(host.id)]) {
    bus.subscribe(subject, { callback: (error) => void (error !== null && refused.push(subject)) });
  }
  // The server's refusal comes before its answer to this.
  await bus.flush();
  expect(refused).toEqual([]);
  expect(await allowed(bus, { say: [subjects.nodeOrder(host.id)] })).toEqual([]);
  await bus.close();
  expect(await host.ask()).toMatchObject({ code: 'OK', body: { generation: 1, due: null, contested_since: null } });
};
