import type { Step } from '../../src/tell-story';
import { FleetHost, endsOf, remember, theHosts, toldBy } from './hands';

const NAMES = Array.from({ length: 12 }, (_, n) => `host-${String(n).padStart(2, '0')}`);

export const step: Step = async (world) => {
  await world.json(['domain', 'create', '--id', world.domainId, '--key-id', 'k1']);
  const hosts: FleetHost[] = [];
  for (const name of NAMES) hosts.push(await FleetHost.enroll(world, name));
  remember(world, hosts);
  await Promise.all(theHosts(world).map((host) => host.comes()));
  const rotate = ['edge', 'fleet', 'keys', 'rotate', '--target', world.domain, '--mode', 'rolling=5'];
  expect((await world.plexctl([...rotate, '--plan'])).stdout).toContain('12 in 3 waves');
  const { exitCode, stdout } = await world.plexctl([...rotate, '--output', 'json']);
  const told = toldBy(stdout);
  expect(endsOf(told)).toEqual(Object.fromEntries(NAMES.map((name) => [name, 'rotated'])));
  expect(told.flatMap((each) => (each.what === 'wave' ? [each.wave] : []))).toEqual([1, 2, 3]);
  // Of what changed twice between two looks the last is told.
  expect(told.filter((each) => each.what === 'step' && each.state === 'rotated')).toHaveLength(NAMES.length);
  expect(told.at(-1)).toMatchObject({ what: 'summary', state: 'finished', rotated: 12 });
  expect(exitCode).toBe(0);
  expect(hosts.map(({ generation }) => generation)).toEqual(NAMES.map(() => 2));
};
