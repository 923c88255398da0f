import { eventually } from '@plexsphere/testkit';
import type { FleetRun, ListFleetsReply } from '@plexsphere/wire/commands';
import type { Step } from '../../src/tell-story';
import { admin, askAs } from '../../suites/permissions/hands';
import { endsOf, theHosts, toldBy } from './hands';

/** One is off, one has no disk left, one is put out before its wave, and each replica of rotation is killed once. */
export const step: Step = async (world) => {
  const hosts = theHosts(world);
  const before = hosts.map(({ generation }) => generation);
  await hosts[1]?.goes();
  hosts[2]!.failure = 'disk_full';
  const person = await admin(world);
  const ended = world.plexctl([
    ...['edge', 'fleet', 'keys', 'rotate', '--target', world.domain, '--mode', 'rolling=4', '--deadline', '30s'],
    ...['--output', 'json'],
  ]);
  const waveIs = async (wave: number): Promise<boolean> => {
    const { runs } = (await askAs(world, person, 'fleet.list', {})).body as unknown as ListFleetsReply;
    const [run] = runs as [FleetRun];
    return run.wave === wave && run.state === 'running';
  };
  const [one, other] = world.stack.services('rotation');
  await eventually(() => waveIs(1));
  await one?.kill();
  const revoked = { node_id: hosts[11]?.host.id, reason: 'stolen' };
  expect(await askAs(world, person, 'edge.revoke', revoked)).toMatchObject({ code: 'OK' });
  await one?.start();
  await eventually(() => waveIs(2));
  await other?.kill();
  const { exitCode, stdout, stderr } = await ended;
  await other?.start();
  expect(endsOf(toldBy(stdout))).toEqual({
    ...Object.fromEntries(hosts.map(({ name }) => [name, 'rotated'])),
    ...{ 'host-01': 'offline', 'host-02': 'disk_full', 'host-11': 'revoked' },
  });
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('not every node has rotated')]);
  const didNot = [1, 2, 11];
  expect(hosts.map(({ generation }) => generation)).toEqual(
    before.map((generation, index) => generation + (didNot.includes(index) ? 0 : 1)),
  );
};
