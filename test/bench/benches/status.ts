// What an operator's look at a large mesh costs: all Nodes are counted, and some are named.
import { readFile } from 'node:fs/promises';
import type { Bench } from '../src/bench';
import type { BenchWorld } from '../src/bench-world';
import { Mesh } from '../src/mesh';
import { compared, median, type Row } from '../src/row';
import { withStatementTimes, type StatementsDuring } from '../src/statement-times';
import type { World } from '../../src/world';

const BARE = `SELECT count(*) FROM outbox.node_stream WHERE state = 'open'`;
const LOOKS = { full: 30, quick: 10 };

export const bench: Bench = {
  name: 'status',
  takesSeconds: 42,
  takesQuickly: 15,
  async run(bench: BenchWorld): Promise<Row[]> {
    const nodes = bench.quick ? 10_000 : 100_000;
    const world = await bench.stack({ rotations: 1, signers: 1, relays: 0, gateways: 0 });
    const mesh = await Mesh.begin(world);
    await mesh.addAbsent(nodes);
    const rows = [await rowOf(bench, mesh, `status of ${nodes}, who never came`)];
    // All were heard a while ago, in an order that has nothing to do with their names; one in a thousand is silent.
    await mesh.query(
      `UPDATE outbox.node_stream SET first_seen_at = now() - interval '1 d',
         last_seen_at = CASE WHEN random() < 0.001 THEN now() - interval '1 h'
                             ELSE now() + interval '1 h' - random() * interval '60 s' END WHERE state = 'open'`,
    );
    await mesh.query('VACUUM (FULL, ANALYZE) outbox.node_stream');
    rows.push(await rowOf(bench, mesh, `status of ${nodes}, who are there`));
    await mesh.rotate();
    rows.push(await rowOf(bench, mesh, `status of ${nodes}, who lag`));
    return rows;
  },
};

async function rowOf(bench: BenchWorld, mesh: Mesh, name: string): Promise<Row> {
  const { world, operator } = mesh;
  const look = () => operator.look('signing.status', {});
  const gave = await withStatementTimes(world, async (during) => {
    const ours = () => readingMs(during, look);
    await ours();
    return bench.rounds({ ours, bare: () => readingMs(during, () => mesh.query(BARE)) }, { full: 9, quick: 3 });
  });
  const before = await rotationMb(world);
  const looks = LOOKS[bench.quick ? 'quick' : 'full'];
  for (let count = 0; count < looks; count++) await look();
  const megabytes = { 'MB before': before, [`MB after ${looks}`]: await rotationMb(world) };
  return compared(
    {
      ...{ name, unit: 'ms', better: 'lower', reach: 1.5 },
      against_what: `${BARE}, which reads all of the table; ours are all statements of a status that read it, as PostgreSQL times both`,
      beside: { 'whole command, ms': await commandMs(bench, world), ...megabytes },
    },
    gave.ours,
    gave.bare,
  );
}

/** Of the statements that read where Nodes stand. */
async function readingMs(statementsDuring: StatementsDuring, work: () => Promise<unknown>): Promise<number> {
  const statements = await statementsDuring(work);
  return statements.filter(({ text }) => text.includes('outbox.node_stream')).reduce((sum, { ms }) => sum + ms, 0);
}

async function commandMs(bench: BenchWorld, world: World): Promise<number> {
  const took = async (): Promise<number> => {
    const beganAt = performance.now();
    await world.json(['signing', 'status']);
    return performance.now() - beganAt;
  };
  const { status } = await bench.rounds({ status: took }, { full: 5 });
  return Math.round(median(status));
}

async function rotationMb({ stack }: World): Promise<number> {
  const [rotation] = stack.processes().filter(({ name }) => name.startsWith('rotation'));
  const status = await readFile(`/proc/${rotation?.pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024);
}
