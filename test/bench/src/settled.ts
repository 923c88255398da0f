/** Events to live Nodes, from their commit until each Node has said that it has applied them. */
import type { NatsConnection } from 'nats';
import type { BenchWorld } from './bench-world';
import { busAs } from './bus-load';
import { StreamCount, when, whetherSettled } from './delivered';
import { publishEvents } from './event-rows';
import { LiveNodes } from './live-nodes';
import { Mesh } from './mesh';

const PROCESSES = 2;

export interface Settled {
  perSecond: number;
  cpu: Record<string, number>;
}

export class EventRounds {
  private constructor(
    private readonly bench: BenchWorld,
    readonly mesh: Mesh,
    readonly nodeIds: readonly string[],
    private readonly live: LiveNodes,
    private readonly rotation: NatsConnection,
    private readonly stream: StreamCount,
  ) {}

  /** One replica of each service, and Nodes that are there. */
  static async begin(bench: BenchWorld, nodes: number): Promise<EventRounds> {
    const world = await bench.stack({ rotations: 1, signers: 1, relays: 1, gateways: 0 });
    const mesh = await Mesh.begin(world);
    const enrolments = await mesh.addLive(nodes);
    const live = await LiveNodes.begin(bench, enrolments, { processes: PROCESSES });
    const ids = enrolments.map(({ nodeId }) => nodeId);
    return new EventRounds(bench, mesh, ids, live, await busAs(world, 'rotation'), await StreamCount.open(world));
  }

  async round(events: number): Promise<Settled> {
    const { bench, mesh, live, stream } = this;
    const stored = await stream.stored();
    await publishEvents(mesh, this.rotation, this.nodeIds, events);
    const meter = bench.cpuOf({
      ...Object.fromEntries(mesh.world.stack.processes().map(({ name, pid }) => [name, pid])),
      ...live.pids,
    });
    const beganAt = performance.now();
    await when(async () => (await stream.stored()) >= stored + events, 20);
    const endedAt = await when(whetherSettled(mesh, this.nodeIds), 20);
    return { perSecond: (1_000 * events) / (endedAt - beganAt), cpu: meter.seconds() };
  }
}
