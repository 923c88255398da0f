// What an installation costs in which nothing happens.
import type { Bench } from '../src/bench';
import type { BenchWorld } from '../src/bench-world';
import { idleOf } from '../src/idle';
import { Mesh } from '../src/mesh';
import { limited, type Row } from '../src/row';
import type { World } from '../../src/world';

/** The platform's, and nine Domains'. */
const DOMAINS = 9;

export const bench: Bench = {
  name: 'idle',
  takesSeconds: 150,
  takesQuickly: 18,
  async run(bench: BenchWorld): Promise<Row[]> {
    const [seconds, nodes] = bench.quick ? [4, 3_000] : [60, 100_000];
    const world = await bench.stack({ rotations: 1, signers: 1, relays: 1, gateways: 1 });
    const first = await Mesh.begin(world);
    const meshes = [first];
    while (meshes.length < DOMAINS) meshes.push(await first.another());
    const rows = [await rowOf(bench, world, seconds, 0)];
    for (const mesh of meshes) await mesh.addAbsent(Math.ceil(nodes / DOMAINS));
    rows.push(await rowOf(bench, world, seconds, nodes));
    return rows;
  },
};

async function rowOf(bench: BenchWorld, world: World, seconds: number, nodes: number): Promise<Row> {
  const { cpu, shares } = await idleOf(bench, world, seconds);
  const all = Object.values(shares).reduce((sum, share) => sum + share, 0);
  return limited(
    {
      ...{ name: `idle, ${nodes} absent Nodes`, unit: '% of a core', better: 'lower', reach: 2, cpu, beside: shares },
      against_what: `the promise: one replica of each service, nats-server and PostgreSQL, ten scopes, ${seconds} s`,
    },
    [all],
  );
}
