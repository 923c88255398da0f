// How long a rotation takes until the last of thousands of live Nodes holds the new key on its disk, and has said so.
import type { Bench } from '../src/bench';
import type { BenchWorld } from '../src/bench-world';
import { BareCrowd } from '../src/bare-crowd';
import { total } from '../src/cpu';
import { epochOf, unsettled, when } from '../src/delivered';
import { LiveNodes } from '../src/live-nodes';
import { Mesh } from '../src/mesh';
import { compared, limited, median, type Row } from '../src/row';

const PROCESSES = 5;
const LOOK_EVERY_MS = 20;
const BARE =
  'as many messages to as many connections in as many processes, each of whose receivers makes the same three node:crypto verifies and one synced file, and answers: no command, no commit, no lease, no statement to read, nothing marked';

export const bench: Bench = {
  name: 'trust',
  takesSeconds: 160,
  async run(bench: BenchWorld): Promise<Row[]> {
    const [count, more] = [5_000, 5_000];
    const world = await bench.stack({ rotations: 1, signers: 1, relays: 1, gateways: 0 });
    const mesh = await Mesh.begin(world);
    const live = await LiveNodes.begin(bench, await mesh.addLive(count), { processes: PROCESSES });
    const bare = await BareCrowd.begin(bench, count, PROCESSES);
    const ours = async () => {
      const meter = bench.cpuOf({
        ...Object.fromEntries(world.stack.processes().map(({ name, pid }) => [name, pid])),
        ...live.pids,
      });
      const ms = await trusted(mesh);
      const cpu = meter.seconds();
      await closed(mesh);
      return { ms, cpu };
    };
    const gave = await bench.rounds({ ours, bare: () => bare.round() }, { full: 3 });
    const [times, bareTimes] = [gave.ours, gave.bare].map((all) => all.map(({ ms }) => ms)) as [number[], number[]];
    const told = { unit: 'ms', better: 'lower' } as const;
    const cpu = total(gave.ours.map((round) => round.cpu));
    const rows = [
      compared({ ...told, cpu, name: `trust of ${count}`, reach: 2, against_what: BARE }, times, bareTimes),
    ];
    await bare.stop();
    await LiveNodes.begin(bench, await mesh.addLive(more), { processes: PROCESSES });
    const larger = [await trusted(mesh)];
    const beside = {
      [`a Node, of ${count}`]: median(times) / count,
      [`a Node, of ${count + more}`]: median(larger) / (count + more),
    };
    const what = 'shown beside it: twice as many, all of them on this machine';
    return [
      ...rows,
      limited({ ...told, beside, name: `trust of ${count + more}`, reach: null, against_what: what }, larger),
    ];
  },
};

/** From the command on. */
async function trusted(mesh: Mesh): Promise<number> {
  const epoch = await epochOf(mesh);
  const beganAt = performance.now();
  const rotating = mesh.rotate();
  rotating.catch(() => undefined);
  await when(async () => (await epochOf(mesh)) > epoch, LOOK_EVERY_MS);
  // The first of them is the one that others are copies of: it never came.
  const endedAt = await when(async () => (await unsettled(mesh, epoch + 1)) <= 1, LOOK_EVERY_MS);
  await rotating;
  return endedAt - beganAt;
}

async function closed(mesh: Mesh): Promise<void> {
  await mesh.close();
  const epoch = await epochOf(mesh);
  await when(async () => (await unsettled(mesh, epoch)) <= 1, LOOK_EVERY_MS);
}
