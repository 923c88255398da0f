import { eventually } from '@plexsphere/testkit';
import { KILLED, killOneOfEach } from '../../src/kills';
import { allTrust, handsOf } from '../../src/story-hands';
import type { Step } from '../../src/tell-story';
import { passForAll } from '../../src/turned-clock';

/** Nobody runs; leases, Nodes, policies and whatever else the database knows are a day older when all come back. */
export const step: Step = async (world) => {
  const { promises } = handsOf(world);
  const { domain: scope } = world;
  await world.nodes[2]?.start();
  const isOpen = async () =>
    (await world.query('SELECT FROM ring.transition WHERE scope = $1 AND outcome IS NULL', [scope])).length > 0;
  await eventually(async () => !(await isOpen()), { describe: 'the last one closed', timeoutMs: 90_000 });
  await promises.reignsOfRing();
  await world.json(['policy', 'set', '--scope', scope, '--rotate-every', '1d']);
  const times = async () => (await world.query('SELECT FROM ring.schedule WHERE scope = $1', [scope])).length;
  const [before, [active]] = [await times(), await world.kids(scope)];

  await promises.interrupt();
  const all = KILLED.flatMap((kind) => world.stack.services(kind));
  await Promise.all(all.map((service) => service.kill()));
  await passForAll(world, '25 hours');
  await Promise.all(all.map((service) => service.start()));
  await killOneOfEach(world);
  await eventually(async () => (await world.kids(scope))[0] !== active && !(await isOpen()), {
    describe: 'the rotation of the day',
    timeoutMs: 90_000,
  });
  expect(await times()).toBe(before + 1);
  await allTrust(world.nodes, await world.kids(scope));
  await promises.expectKept();
};
