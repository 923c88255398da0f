// How long an event takes from its publisher to the Node's handler, while nothing else happens: the next one is published
// when the one before was applied.
import { join } from 'node:path';
import { NatsServer } from '@plexsphere/stack';
import { connect } from 'nats';
import type { Bench } from '../src/bench';
import type { BenchWorld } from '../src/bench-world';
import { total } from '../src/cpu';
import { PAYLOAD } from '../src/envelopes';
import { Heard, startNode } from '../src/heard';
import { Mesh } from '../src/mesh';
import { compared, limited, median, quantile, type Row } from '../src/row';

/** As long as a Node's envelope of such an event is. */
const BYTES = 520;
const BARE =
  'publish to subscribe of as many bytes between two connections to a nats-server of the same kind: no signature, no database, no order, no answer';

export const bench: Bench = {
  name: 'latency',
  takesSeconds: 42,
  takesQuickly: 11,
  async run(bench: BenchWorld): Promise<Row[]> {
    const [events, many] = bench.quick ? [25, 3_000] : [70, 100_000];
    const world = await bench.stack({ rotations: 1, signers: 1, relays: 1, gateways: 0 });
    const mesh = await Mesh.begin(world);
    const [enrolment] = await mesh.addLive(1);
    const applied = new Heard();
    await startNode(bench, enrolment!, applied);
    const ours = async () => {
      const meter = bench.cpuOfStack(world);
      const body = { node_id: enrolment!.nodeId, event_type: 'route_updated', payload: PAYLOAD };
      const tookMs = await applied.times(events, () => void mesh.operator.change('events.publish', body));
      return { tookMs, cpu: meter.seconds() };
    };
    const bare = await bareLatencies(bench);
    const measured = async () => {
      const gave = await bench.rounds({ ours, bare: () => bare(Math.ceil(events / 2)) }, { full: 3, quick: 1 });
      const [p50s, bareP50s] = [gave.ours, gave.bare].map((all) => all.map(({ tookMs }) => median(tookMs)));
      const p99 = quantile(
        gave.ours.flatMap(({ tookMs }) => tookMs),
        0.99,
      );
      return { p50s: p50s!, bareP50s: bareP50s!, beside: { p99 }, cpu: total(gave.ours.map(({ cpu }) => cpu)) };
    };
    // The first of all warms up what is used the first time.
    await ours();
    await mesh.addAbsent(98);
    const few = await measured();
    await mesh.addAbsent(many - 100);
    const later = await measured();
    const told = { unit: 'ms', better: 'lower' } as const;
    return [
      limited(
        {
          ...told,
          ...few,
          name: 'latency p50, 100 Nodes',
          reach: 25,
          against_what: 'the promise, from the command to the handler, commit and all',
        },
        few.p50s,
      ),
      limited(
        { ...told, ...later, name: `latency p50, ${many} Nodes`, reach: 25, against_what: 'the same' },
        later.p50s,
      ),
      compared(
        {
          ...told,
          name: `latency of ${many} by that of 100`,
          reach: 1.2,
          against_what: 'the same with 100 Nodes enrolled, the rest of them absent',
        },
        later.p50s,
        later.p50s.map(() => median(few.p50s)),
      ),
      compared({ ...told, name: 'latency by a bare message', reach: null, against_what: BARE }, few.p50s, few.bareP50s),
    ];
  },
};

async function bareLatencies(
  bench: BenchWorld,
): Promise<(events: number) => Promise<{ tookMs: number[]; cpu: Record<string, number> }>> {
  const nats = await NatsServer.create(join(bench.dir, 'bare-nats'));
  await nats.start();
  bench.afterwards(() => nats.stop());
  const [one, other] = await Promise.all([connect({ servers: nats.url }), connect({ servers: nats.url })]);
  bench.afterwards(() => Promise.all([one.close(), other.close()]));
  const received = new Heard();
  other.subscribe('bare.event', { callback: () => received.heard() });
  await other.flush();
  const body = Buffer.alloc(BYTES, '.');
  return async (events) => ({ tookMs: await received.times(events, () => one.publish('bare.event', body)), cpu: {} });
}
