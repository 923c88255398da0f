// How long a key that is revoked is still believed by those who are there.
import type { Bench } from '../src/bench';
import type { BenchWorld } from '../src/bench-world';
import { BareCrowd } from '../src/bare-crowd';
import { total } from '../src/cpu';
import { when } from '../src/delivered';
import { LiveNodes } from '../src/live-nodes';
import { Mesh } from '../src/mesh';
import { compared, limited, quantile, type Row } from '../src/row';

const PROCESSES = 2;
const BARE =
  'as many messages to as many connections in as many processes, each of whose receivers makes three node:crypto verifies and one synced file: no command, no commit, no chain, no bundle';

export const bench: Bench = {
  name: 'revoke',
  takesSeconds: 28,
  takesQuickly: 10,
  async run(bench: BenchWorld): Promise<Row[]> {
    const count = bench.quick ? 200 : 1_000;
    const world = await bench.stack({ rotations: 1, signers: 1, relays: 1, gateways: 0 });
    const mesh = await Mesh.begin(world);
    const live = await LiveNodes.begin(bench, await mesh.addLive(count), { processes: PROCESSES });
    const bare = await BareCrowd.begin(bench, count, PROCESSES);
    const ours = async () => {
      const meter = bench.cpuOfStack(world);
      const doneMs = await refused(mesh, live);
      return { doneMs, cpu: meter.seconds() };
    };
    const gave = await bench.rounds({ ours, bare: () => bare.round() }, { full: 5, quick: 2 });
    const [p99s, bareP99s] = [gave.ours, gave.bare].map((all) => all.map(({ doneMs }) => quantile(doneMs, 0.99))) as [
      number[],
      number[],
    ];
    const p50 = quantile(
      gave.ours.flatMap(({ doneMs }) => doneMs),
      0.5,
    );
    const told = { unit: 'ms', better: 'lower' } as const;
    const cpu = total(gave.ours.map((round) => round.cpu));
    return [
      limited(
        {
          ...told,
          cpu,
          beside: { p50 },
          name: `revoke p99, ${count} Nodes`,
          reach: 1_000,
          against_what: 'the promise, from the command on',
        },
        p99s,
      ),
      compared({ ...told, name: 'revoke by bare messages, p99', reach: null, against_what: BARE }, p99s, bareP99s),
    ];
  },
};

/** When each Node ceased to trust the key, since the command was sent. */
async function refused(mesh: Mesh, live: LiveNodes): Promise<number[]> {
  await live.forget();
  const beganAt = performance.timeOrigin + performance.now();
  const { revoked } = await mesh.revoke();
  await when(async () => (await live.refuses(revoked)).every((at) => at !== null), 100);
  return (await live.refuses(revoked)).map((at) => (at ?? Infinity) - beganAt);
}
