// How many events a second reach their Nodes, are verified, applied, kept and acknowledged.
import type { Bench } from '../src/bench';
import type { BenchWorld } from '../src/bench-world';
import { cpuMsEach, total } from '../src/cpu';
import { PAYLOAD } from '../src/envelopes';
import { jobs, OutboxPeers, type PeerName } from '../src/outbox-peers';
import { compared, limited, median, type Row } from '../src/row';
import { EventRounds } from '../src/settled';

const NODES = 1_000;
/** As it was before: 554 a second on two cores. */
const FIVE_TIMES_BEFORE = 2_770;
const PEERS =
  'the better one of graphile-worker 0.17.2 (concurrency 24, localQueue 500, completeJobBatchDelay 0) and pg-boss 10.4.2 (fetch() and complete() by batches of 512, two under way): each event signed by node:crypto in the worker, js.publish with ack; one consumer with one connection for all Nodes verifies each by node:crypto and marks the receipts of 5 ms in one statement. Theirs: no process that signs, no order, no file of a Node, no position, no trust, nothing that is sent again';

export const bench: Bench = {
  name: 'events',
  takesSeconds: 100,
  takesQuickly: 16,
  async run(bench: BenchWorld): Promise<Row[]> {
    // 100,000 in all, in two rounds.
    const [events, rows] = bench.quick ? [3_000, 3_000] : [50_000, 20_000];
    const rounds = await EventRounds.begin(bench, NODES);
    const peers = await OutboxPeers.begin(bench, rounds.mesh.world);
    const peer = (name: PeerName) => async () => {
      const work = {
        jobs: jobs(rows, NODES),
        payload: PAYLOAD,
        signs: 'each',
        processes: 1,
        isReceived: true,
      } as const;
      const { ms, cpu } = await peers.drain(name, work);
      return { perSecond: (1_000 * rows) / ms, cpu };
    };
    // Before what is loaded at its first use is loaded, nobody is measured.
    await rounds.round(NODES);
    const gave = await bench.rounds(
      { ours: () => rounds.round(events), graphile: peer('graphile'), 'pg-boss': peer('pg-boss') },
      { full: 2, quick: 1 },
    );
    const [ours, graphile, boss] = [gave.ours, gave.graphile, gave['pg-boss']].map((all) =>
      all.map(({ perSecond }) => perSecond),
    ) as [number[], number[], number[]];
    const [better, betterRounds] =
      median(graphile) > median(boss) ? [graphile, gave.graphile] : [boss, gave['pg-boss']];
    const told = { unit: 'per s', better: 'higher' } as const;
    const beside = {
      'graphile-worker': median(graphile),
      'pg-boss': median(boss),
      'CPU ms an event': cpuMsEach(cpus(gave.ours), events),
      'CPU ms an event of the peer': cpuMsEach(cpus(betterRounds), rows),
    };
    const cpu = total(cpus(gave.ours));
    return [
      compared(
        { ...told, cpu, beside, name: 'events', reach: 0.7, against_what: `${PEERS}; ${rows} rows each` },
        ours,
        better,
      ),
      limited(
        {
          ...told,
          name: 'events settled',
          reach: FIVE_TIMES_BEFORE,
          against_what: 'five times what it was before on two cores',
        },
        ours,
      ),
    ];
  },
};

const cpus = (rounds: readonly { cpu: Record<string, number> }[]) => rounds.map(({ cpu }) => cpu);
