// Whether it is as fast after a long time as on the first day, and while somebody looks at the database for long.
import { Client } from 'pg';
import type { Bench } from '../src/bench';
import type { BenchWorld } from '../src/bench-world';
import { total } from '../src/cpu';
import { addSettled } from '../src/event-rows';
import { compared, median, type Row } from '../src/row';
import { EventRounds, type Settled } from '../src/settled';

const NODES = 1_000;

export const bench: Bench = {
  name: 'aged',
  takesSeconds: 130,
  async run(bench: BenchWorld): Promise<Row[]> {
    const [events, settled, pinnedForMs] = [10_000, 1_000_000, 60_000];
    const rounds = await EventRounds.begin(bench, NODES);
    const several = async (): Promise<Settled[]> => {
      const gave: Settled[] = [];
      for (let round = 0; round < 3; round++) gave.push(await rounds.round(events));
      return gave;
    };
    await rounds.round(NODES);
    const atFirst = await several();
    await addSettled(rounds.mesh, rounds.nodeIds, settled);
    const later = await several();
    const pinned = await whileRead(rounds, pinnedForMs, events);
    const told = { unit: 'per s', better: 'higher', reach: 0.9 } as const;
    const first = median(atFirst.map(({ perSecond }) => perSecond));
    const row = (name: string, against: string, all: readonly Settled[]): Row =>
      compared(
        { ...told, name, cpu: total(all.map(({ cpu }) => cpu)), against_what: `events settled a second ${against}` },
        all.map(({ perSecond }) => perSecond),
        all.map(() => first),
      );
    return [
      row(`aged by ${settled} settled rows`, 'before them', later),
      row(
        `aged, read for ${pinnedForMs / 1_000} s`,
        'before there were settled rows, and without a transaction that reads all the while, so that nothing that died meanwhile can be cleared away',
        pinned,
      ),
    ];
  },
};

/** With a snapshot that is held so long; what counts is the last of that time. */
async function whileRead(rounds: EventRounds, forMs: number, events: number): Promise<Settled[]> {
  const reader = new Client({ connectionString: rounds.mesh.world.stack.databaseUrl('owner') });
  await reader.connect();
  try {
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await reader.query('SELECT count(*) FROM outbox.node_stream');
    const until = performance.now() + forMs;
    const gave: Settled[] = [];
    while (gave.length < 3 || performance.now() < until) gave.push(await rounds.round(events));
    await reader.query('ROLLBACK');
    return gave.slice(-3);
  } finally {
    await reader.end();
  }
}
