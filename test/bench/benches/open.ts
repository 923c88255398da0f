// For how long a rotation keeps everybody else from its ring: it writes a row a Node, and commits them with the ring.
import type { Bench } from '../src/bench';
import type { BenchWorld } from '../src/bench-world';
import { Mesh } from '../src/mesh';
import { BareTable, open, type Opened } from '../src/opened';
import { compared, limited, median, type Row } from '../src/row';
import { withStatementTimes, type StatementsDuring } from '../src/statement-times';

const BARE =
  'one INSERT … SELECT … ORDER BY id of as many rows into a table of the same columns with an index over (event_id, node_id); both as PostgreSQL times them, durable, by turns, nobody else there';

export const bench: Bench = {
  name: 'open',
  takesSeconds: 52,
  takesQuickly: 16,
  async run(bench: BenchWorld): Promise<Row[]> {
    const [sizes, largest] = bench.quick ? [[1_000, 3_000], 6_000] : [[10_000, 100_000], 250_000];
    // Without relays: what follows the commit is another bench.
    const world = await bench.stack({ rotations: 1, signers: 1, relays: 0, gateways: 0 });
    const mesh = await Mesh.begin(world);
    const rows: Row[] = [];
    let nodes = 1;
    for (const size of sizes) {
      await mesh.addAbsent(size - nodes);
      nodes = size;
      rows.push(...(await withStatementTimes(world, (during) => rowsOf(bench, mesh, size, during))));
    }
    await mesh.addAbsent(largest - nodes);
    const opened = await withStatementTimes(world, (during) => open(mesh, during));
    const what = 'the promise: the lock of the scope is held for no longer';
    rows.push(
      limited(
        {
          name: `open ${largest}, whole commit`,
          unit: 'ms',
          better: 'lower',
          reach: 1_000,
          against_what: what,
          beside: { statement: opened.statementMs },
        },
        [opened.commitMs],
      ),
    );
    return rows;
  },
};

async function rowsOf(bench: BenchWorld, mesh: Mesh, size: number, during: StatementsDuring): Promise<Row[]> {
  const table = await BareTable.make(mesh);
  const ours = async () => {
    const opened = await open(mesh, during);
    await mesh.close();
    return opened;
  };
  const bare = () => table.fill(during);
  // The first of each finds no page of its table.
  await ours();
  await bare();
  const gave = await bench.rounds({ ours, bare }, { full: 3, quick: 1 });
  const statementMs = gave.ours.map((opened) => opened.statementMs);
  const told = { unit: 'ms', better: 'lower' } as const;
  return [
    compared(
      { ...told, name: `open ${size}`, reach: 2, against_what: BARE },
      statementMs,
      gave.bare.map((filled) => filled.statementMs),
    ),
    limited(
      {
        ...told,
        name: `open ${size}, the rest of the commit`,
        reach: 30,
        against_what:
          'the promise: from the beginning of the transaction to its end, less that statement, and less what the bare one takes beside its own: to flush as many rows to the disk',
        beside: { all: median(gave.ours.map(restMs)), 'of the bare one': median(gave.bare.map(restMs)) },
      },
      gave.ours.map((ours, round) => restMs(ours) - restMs(gave.bare[round] ?? ours)),
    ),
  ];
}

const restMs = ({ commitMs, statementMs }: Opened): number => commitMs - statementMs;
