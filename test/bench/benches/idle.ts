// What an installation costs in which nothing happens.
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../src/bench';
import type { BenchWorld } from '../src/bench-world';
import { Mesh } from '../src/mesh';
import { limited, type Row } from '../src/row';
import type { World } from '../../src/world';

/** The platform's, and nine Domains'. */
const DOMAINS = 9;
/** After what was begun or written: what follows it is over. */
const SETTLED_AFTER_MS = 5_000;

export const bench: Bench = {
  name: 'idle',
  takesSeconds: 160,
  takesQuickly: 40,
  async run(bench: BenchWorld): Promise<Row[]> {
    const [seconds, nodes] = bench.quick ? [8, 5_000] : [60, 100_000];
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
  await world.query('CHECKPOINT');
  await delay(SETTLED_AFTER_MS);
  const beganAt = performance.now();
  const meter = bench.cpuOfStack(world);
  await delay(1_000 * seconds);
  const cpu = meter.seconds();
  const tookSeconds = (performance.now() - beganAt) / 1_000;
  const beside = Object.fromEntries(
    Object.entries(cpu).map(([name, used]) => [name, Math.round((10_000 * used) / tookSeconds) / 100]),
  );
  const all = Object.values(beside).reduce((sum, share) => sum + share, 0);
  return limited(
    {
      ...{ name: `idle, ${nodes} absent Nodes`, unit: '% of a core', better: 'lower', reach: 2, cpu, beside },
      against_what: `the promise: one replica of each service, nats-server and PostgreSQL, ten scopes, ${seconds} s`,
    },
    [all],
  );
}
