/** One installation that grows, looked at in each size. */
import { setTimeout as delay } from 'node:timers/promises';
import { residentBytes } from '../../../src/process-costs';
import type { World } from '../../../src/world';
import type { BenchWorld } from '../bench-world';
import { epochOf, StreamCount, untold, when } from '../delivered';
import { PAYLOAD } from '../envelopes';
import { closeAndTell, fanOut } from '../fan-out';
import { Heard, startNode } from '../heard';
import { idleOf } from '../idle';
import { LiveNodes } from '../live-nodes';
import { Mesh } from '../mesh';
import { open } from '../opened';
import { withStatementTimes } from '../statement-times';
import { median } from '../row';
import type { Point, Presence } from './points';

const ONE_OF_EACH = { rotations: 1, signers: 1, relays: 1, gateways: 1 } as const;
const TIMES = 5;
const EVENTS = 100;
const LOOK_EVERY_MS = 50;

export async function pointsOf(bench: BenchWorld, sizes: readonly number[], idleSeconds: number): Promise<Point[]> {
  const world = await bench.stack(ONE_OF_EACH);
  const mesh = await Mesh.begin(world);
  const stream = await StreamCount.open(world);
  const [enrolment] = await mesh.addLive(1);
  const applied = new Heard();
  await startNode(bench, enrolment!, applied);
  const publish = () =>
    void mesh.operator.change('events.publish', {
      node_id: enrolment!.nodeId,
      event_type: 'route_updated',
      payload: PAYLOAD,
    });
  await applied.times(EVENTS, publish);
  const points: Point[] = [];
  // The one that all others are copies of, and the one that is there.
  let nodes = 2;
  for (const size of sizes) {
    await mesh.addAbsent(size - nodes);
    nodes = size;
    const latencyMs = median(await applied.times(EVENTS, publish));
    const statusMs = await tookMs(() => mesh.operator.look('signing.status', { scope: mesh.scope }));
    const { shares } = await idleOf(bench, world, idleSeconds);
    const databaseBytes = await sizeOfDatabase(world);
    const { commitMs } = await withStatementTimes(world, (during) => open(mesh, during));
    const epoch = await epochOf(mesh);
    await when(async () => (await untold(mesh, epoch)) === 0, LOOK_EVERY_MS);
    await closeAndTell(mesh);
    const { msFromFirst } = await fanOut(mesh, size, stream);
    await closeAndTell(mesh);
    const rotationBytes = ((await sizeOfDatabase(world)) - databaseBytes) / 2;
    points.push({
      ...{ nodes: size, fanOutPerSecond: (1_000 * size) / msFromFirst, commitMs, latencyMs, statusMs, idle: shares },
      ...{ databaseBytes, rotationBytes, streamBytes: await stream.bytes() },
    });
    bench.note(JSON.stringify(points.at(-1)));
  }
  return points;
}

export async function presenceOf(bench: BenchWorld, nodes: number, seconds: number): Promise<Presence> {
  const world = await bench.stack(ONE_OF_EACH);
  const mesh = await Mesh.begin(world);
  const enrolments = await mesh.addLive(nodes);
  const natsBytes = (): number => residentBytes(world.stack.nats.pid ?? 0);
  const [without, bytes] = [await idleOf(bench, world, seconds), natsBytes()];
  await LiveNodes.begin(bench, enrolments, { processes: 2 });
  await delay(5_000);
  const present = await idleOf(bench, world, seconds);
  const more = Object.entries(present.shares).map(([name, share]) => [
    name,
    Math.max(0, share - (without.shares[name] ?? 0)),
  ]);
  return { nodes, shares: Object.fromEntries(more) as Record<string, number>, natsBytes: natsBytes() - bytes };
}

async function tookMs(work: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    const beganAt = performance.now();
    await work();
    took.push(performance.now() - beganAt);
  }
  return median(took);
}

async function sizeOfDatabase(world: World): Promise<number> {
  const [size] = await world.query<{ bytes: string }>('SELECT pg_database_size(current_database()) AS bytes');
  return Number(size?.bytes);
}
