import { setTimeout as delay } from 'node:timers/promises';
import { eventually, seededRandom } from '@plexsphere/testkit';
import type { FleetRun, FleetStep, ShowFleetReply } from '@plexsphere/wire/commands';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';
import { everyone, fleetOf } from './hands';

const RUNS_FOR_MS = 600_000;

/**
 * One host is off, and one's disk is full; in the third wave every rotation is killed, with requests at hand; and one Node that
 * waits for its wave is revoked.
 */
export const step: Step = async (world) => {
  const random = seededRandom();
  const fleet = fleetOf(world);
  await fleet.away.stop();
  const rotate = ['edge', 'fleet', 'keys', 'rotate', '--target', world.domain, '--mode', 'rolling=10'];
  const { run } = await world.json<FleetRun>([...rotate, '--deadline', '60s', '--no-wait']);

  await inWave(world, run, 2);
  const shown = await show(world, run);
  const names = new Set((await everyone(fleet)).map(({ name }) => name));
  const lost = random.pick(shown.steps.filter(({ name, state }) => state === 'waiting' && names.has(name)));
  const revoke = ['edge', 'keys', 'revoke-remote', lost.node_id, '--reason', 'stolen'];
  expect(await world.json(revoke)).toMatchObject({ node_id: lost.node_id, pushed: true });
  fleet.lost = lost.name;

  await inWave(world, run, 3);
  const rotations = world.stack.services('rotation');
  await delay(random.integer(0, 400));
  await Promise.all(rotations.map((rotation) => rotation.kill()));
  await Promise.all(rotations.map((rotation) => rotation.start()));

  const ended = await eventually(
    async () => {
      const now = await show(world, run);
      return now.state === 'running' ? undefined : now;
    },
    { timeoutMs: RUNS_FOR_MS, describe: 'the end of the run' },
  );
  const others = ended.steps.filter(({ state }) => state !== 'rotated').map(briefly);
  expect(others.sort()).toEqual(
    ['away failed offline', 'full failed disk_full', `${lost.name} skipped revoked`].sort(),
  );
  expect(ended).toMatchObject({ state: 'finished', nodes: 60, waves: 6, rotated: 57, failed: 2, skipped: 1 });
  const watched = await world.plexctl(['edge', 'fleet', 'watch', run]);
  expect([watched.exitCode, watched.stdout.match(/✔/g)?.length]).toEqual([1, 57]);
};

const briefly = ({ name, state, reason }: FleetStep): string => `${name} ${state} ${reason}`;

async function show(world: World, run: string): Promise<ShowFleetReply> {
  const operator = await world.operator();
  const steps: FleetStep[] = [];
  for (let after: string | undefined; ;) {
    const page = await operator.look<ShowFleetReply>('fleet.show', { run, ...(after !== undefined && { after }) });
    steps.push(...page.steps);
    if (page.next === undefined) return { ...page, steps };
    after = page.next;
  }
}

const inWave = (world: World, run: string, wave: number): Promise<unknown> =>
  eventually(async () => (await show(world, run)).wave >= wave, {
    timeoutMs: RUNS_FOR_MS,
    describe: `wave ${wave}`,
  });
