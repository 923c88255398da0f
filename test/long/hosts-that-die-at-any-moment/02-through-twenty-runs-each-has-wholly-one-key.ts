import { setTimeout as delay } from 'node:timers/promises';
import { eventually, seededRandom, type SeededRandom } from '@plexsphere/testkit';
import type { FleetRun, WatchFleetReply } from '@plexsphere/wire/commands';
import type { CrowdHost, EdgeCrowd } from '../../src/edge-crowd';
import type { Step } from '../../src/tell-story';
import type { World } from '../../src/world';

const RUNS = Number(process.env['TEST_FLEET_RUNS'] ?? 20);
const KILLS = 4;

/** In each run hosts, a gateway and a rotation are killed, each at a random moment, and come back. */
export const step: Step = async (world) => {
  const random = seededRandom();
  const crowds = world.kept.get('crowds') as EdgeCrowd[];
  const operator = await world.operator();
  const order = { mode: 'parallel', on_error: 'continue', deadline_seconds: 30 } as const;
  for (let turn = 1; turn <= RUNS; turn++) {
    const scope = world.domain as `domain:${string}`;
    const { run } = await operator.change<FleetRun>('fleet.rotate', { targets: [{ scope }], ...order });
    await Promise.all([
      killHosts(random, crowds),
      killAndStart(random, world, 'gateway'),
      killAndStart(random, world, 'rotation'),
    ]);
    await eventually(
      async () => {
        const { state } = await operator.look<WatchFleetReply>('fleet.watch', { run, after_seq: 0 });
        return state === 'finished';
      },
      { timeoutMs: 120_000, describe: `the end of run ${turn}` },
    );
    await allAreWhole(world, crowds, turn);
  }
};

async function killHosts(random: SeededRandom, crowds: EdgeCrowd[]): Promise<void> {
  for (let kill = 1; kill <= KILLS; kill++) {
    await delay(random.integer(0, 700));
    const crowd = random.pick(crowds);
    await crowd.kill();
    await crowd.start();
  }
}

async function killAndStart(random: SeededRandom, world: World, kind: 'gateway' | 'rotation'): Promise<void> {
  const process = random.pick(world.stack.services(kind));
  await delay(random.integer(0, 1_500));
  await process.kill();
  await process.start();
}

/** The key and generation that the platform has of it, nothing pending, and on the bus by it. */
async function allAreWhole(world: World, crowds: EdgeCrowd[], turn: number): Promise<void> {
  const expected = async (): Promise<string[]> => {
    const rows = await world.query<{ name: string; generation: string; public_key: string }>(
      `SELECT node.name, key.generation, key.public_key
         FROM ring.node_key AS key JOIN ring.node ON node.id = key.node_id
        WHERE key.state = 'active' AND node.scope = $1 AND node.contested_at IS NULL`,
      [world.domain],
    );
    return rows.map(({ name, generation, public_key }) => `${name} ${generation} ${public_key} connected`).sort();
  };
  const found = async (): Promise<string[]> =>
    (await Promise.all(crowds.map((crowd) => crowd.look()))).flat().map(heldBy).sort();
  await eventually(async () => (await found()).join() === (await expected()).join(), {
    timeoutMs: 150_000,
    describe: `every host being whole after run ${turn}`,
  }).catch(() => undefined);
  expect({ turn, found: await found() }).toEqual({ turn, found: await expected() });
}

const heldBy = ({ name, status }: CrowdHost): string => {
  const { generation, public_key: key, pending, connected } = status;
  return `${name} ${generation} ${key} ${connected === true ? 'connected' : 'away'}${pending === null ? '' : ` ${pending}`}`;
};
