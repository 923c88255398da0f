// How fast what every Node must hear leaves the outbox.
import type { Bench } from '../src/bench';
import type { BenchWorld } from '../src/bench-world';
import { cpuMsEach, total } from '../src/cpu';
import { StreamCount } from '../src/delivered';
import { closeAndTell, fanOut } from '../src/fan-out';
import { Mesh } from '../src/mesh';
import { jobs, OutboxPeers, type PeerName } from '../src/outbox-peers';
import { compared, median, type Row } from '../src/row';

/** As large as a rotation's own payload, statement and all. */
const PAYLOAD = JSON.stringify({ current: 'A'.repeat(44), previous: 'A'.repeat(44), statement: 'A'.repeat(1_400) });

const PEERS = {
  graphile:
    'graphile-worker 0.17.2, concurrency 24, localQueue 500, completeJobBatchDelay 0, prepared statements: a job a row, each signed by node:crypto in the worker, js.publish with ack',
  'pg-boss':
    'pg-boss 10.4.2 by fetch() and complete(), batches of 512, two under way, no priority, no supervision: each row signed by node:crypto in the worker, js.publish with ack',
  loop: 'a plain loop: 512 rows by FOR UPDATE SKIP LOCKED, one signature for all of them, js.publish with acks, one UPDATE, one commit',
} as const satisfies Record<PeerName, string>;
const LEFT_OUT =
  'Theirs: no process of its own that signs, no lease or epoch, no order on a Node, no expected sequence, a stream of the same configuration on a nats-server without accounts, durable PostgreSQL as ours.';

interface Drained {
  perSecond: number;
  cpu: Record<string, number>;
  /** Of ours. */
  perSecondFromFirst?: number;
}

export const bench: Bench = {
  name: 'fan-out',
  takesSeconds: 130,
  takesQuickly: 17,
  async run(bench: BenchWorld): Promise<Row[]> {
    const [nodes, rows] = bench.quick ? [3_000, 3_000] : [100_000, 20_000];
    const world = await bench.stack({ rotations: 1, signers: 1, relays: 1, gateways: 0 });
    const first = await Mesh.begin(world);
    const stream = await StreamCount.open(world);
    const peers = await OutboxPeers.begin(bench, world);
    const ours = async (): Promise<Drained> => {
      await first.forgetAll();
      const mesh = await first.another();
      await mesh.addAbsent(nodes - 1);
      const meter = bench.cpuOfStack(world);
      const { ms, msFromFirst } = await fanOut(mesh, nodes, stream);
      return {
        perSecond: (1_000 * nodes) / ms,
        perSecondFromFirst: (1_000 * nodes) / msFromFirst,
        cpu: meter.seconds(),
      };
    };
    const peer =
      (name: PeerName, processes = 1, signs: 'each' | 'shared' = 'each') =>
      async (): Promise<Drained> => {
        const { ms, cpu } = await peers.drain(name, { jobs: jobs(rows), payload: PAYLOAD, signs, processes });
        return { perSecond: (1_000 * rows) / ms, cpu };
      };

    // Before there are many: a mesh of a thousand.
    const small = await first.another();
    await small.addAbsent(999);
    const atThousand: number[] = [];
    for (let round = 0; round < (bench.quick ? 1 : 3); round++) {
      if (round > 0) await closeAndTell(small);
      atThousand.push(1_000_000 / (await fanOut(small, 1_000, stream)).msFromFirst);
    }
    const one = await bench.rounds(
      { ours, graphile: peer('graphile'), 'pg-boss': peer('pg-boss'), loop: peer('loop', 1, 'shared') },
      { full: 2, quick: 1 },
    );
    const better = median(rates(one.graphile)) > median(rates(one['pg-boss'])) ? 'graphile' : 'pg-boss';
    for (const name of ['outbox-relay-2', 'outbox-relay-3']) {
      const relay = world.stack.addService('outbox-relay');
      if (relay.name !== name) throw new Error(`another relay than ${name}`);
      await relay.start();
    }
    const three = await bench.rounds({ ours, better: peer(better, 3) }, { full: 2, quick: 1 });
    const told = { unit: 'per s', better: 'higher' } as const;
    const cpuOf = (figures: readonly { cpu: Record<string, number> }[]) => ({
      cpu: total(cpus(figures)),
    });
    const beside = {
      'graphile-worker': median(rates(one.graphile)),
      'pg-boss': median(rates(one['pg-boss'])),
      'plain loop': median(rates(one.loop)),
      'CPU ms a row': cpuMsEach(cpus(one.ours), nodes),
      'CPU ms a row of the peer': cpuMsEach(cpus(one[better]), rows),
      'CPU ms a row of the loop': cpuMsEach(cpus(one.loop), rows),
    };
    return [
      compared(
        {
          ...told,
          ...cpuOf(one.ours),
          beside,
          name: 'fan-out',
          reach: 2,
          against_what: `the better one of: ${PEERS.graphile}; ${PEERS['pg-boss']}; ${rows} rows each. ${LEFT_OUT}`,
        },
        rates(one.ours),
        rates(one[better]),
      ),
      compared(
        { ...told, name: 'fan-out plain loop', reach: 0.8, against_what: `${PEERS.loop}. ${LEFT_OUT}` },
        rates(one.ours),
        rates(one.loop),
      ),
      compared(
        {
          ...told,
          ...cpuOf(three.ours),
          name: 'fan-out three relays',
          reach: 2,
          against_what: `three processes of: ${PEERS[better]}. ${LEFT_OUT}`,
        },
        rates(three.ours),
        rates(three.better),
      ),
      compared(
        {
          ...told,
          name: `fan-out of ${nodes}`,
          reach: 0.8,
          against_what: 'the same with 1,000 Nodes, both from the first announcement on',
        },
        one.ours.map(({ perSecondFromFirst = NaN }) => perSecondFromFirst),
        one.ours.map(() => median(atThousand)),
      ),
    ];
  },
};

const cpus = (figures: readonly { cpu: Record<string, number> }[]) => figures.map(({ cpu }) => cpu);

const rates = (figures: readonly { perSecond: number }[]): number[] => figures.map(({ perSecond }) => perSecond);
