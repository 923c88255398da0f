import { eventually } from '@plexsphere/testkit';
import type { Step } from '../../src/tell-story';
import { at, kids, nodeOf } from './hands';

export const step: Step = async (world) => {
  const node = nodeOf(world);
  const second = world.stack.services('gateway').find(({ name }) => name === 'gateway-2');
  const heard = new Set<number | string>();
  const stopped = new AbortController();
  const ask = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const headers = { authorization: `Bearer ${node.secret}` };
      const answer = fetch(at(world, 'gateway-2', `/v1/nodes/${node.id}/state`), { headers });
      heard.add(await answer.then(({ status }) => status).catch(() => 'unreachable'));
    }
  };
  const asking = Array.from({ length: 4 }, ask);
  await second?.stop();
  await second?.start();
  expect(await kids(world, 'gateway-2')).toEqual(['domain-2026-07']);
  stopped.abort();
  await Promise.all(asking);
  // 401, 403 and 404 would have stopped the Node for good.
  for (const each of heard) expect([200, 503, 'unreachable']).toContain(each);
  const leases = () => world.query(`SELECT FROM ring.lease WHERE kind = 'gateway' AND NOT released`);
  await eventually(async () => (await leases()).length === 2, { describe: 'a lease of each' });
};
