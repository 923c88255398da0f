/** Peers of the outbox: other programs that take rows from PostgreSQL, sign, publish to JetStream and mark. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { NatsServer } from '@plexsphere/stack';
import { EVENT_STREAM } from '@plexsphere/wire';
import { connect, DiscardPolicy, nanos, RetentionPolicy, StorageType, type JetStreamManager } from 'nats';
import { Client } from 'pg';
import type { World } from '../../src/world';
import type { BenchWorld } from './bench-world';
import { StreamCount, when } from './delivered';
import type { Peer } from './peer';

export type PeerName = 'graphile' | 'pg-boss' | 'loop';

export interface Job {
  nodeId: string;
  eventId: string;
}

export interface Work {
  jobs: readonly Job[];
  /** JSON text, the same of all. */
  payload: string;
  /** Each row by a signature of its own, or many by one. */
  signs: 'each' | 'shared';
  processes: number;
  /** Whether somebody receives them, verifies and marks the receipt; then it ends with the last receipt. */
  isReceived?: boolean;
}

export interface Worked {
  ms: number;
  cpu: Record<string, number>;
}

/** What says that nothing is left to mark. */
const LEFT: Readonly<Record<PeerName, string>> = {
  graphile: 'SELECT count(*)::int AS n FROM graphile_worker._private_jobs',
  'pg-boss': `SELECT count(*)::int AS n FROM pgboss.job WHERE name = 'deliver' AND state < 'completed'`,
  loop: 'SELECT count(*)::int AS n FROM loop_row WHERE sent_at IS NULL',
};

/** As the relay makes it. */
const STREAM = {
  name: EVENT_STREAM.name,
  subjects: [EVENT_STREAM.subjects],
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  max_msgs_per_subject: 1,
  discard: DiscardPolicy.Old,
  duplicate_window: nanos(120_000),
  republish: { src: EVENT_STREAM.subjects, dest: EVENT_STREAM.republishTo },
};

/** The same PostgreSQL server as ours, in databases of their own; and a nats-server of the same kind, open to them. */
export class OutboxPeers {
  private databases = 0;

  private constructor(
    private readonly bench: BenchWorld,
    private readonly world: World,
    private readonly nats: NatsServer,
    private readonly manager: JetStreamManager,
    private readonly keys: { privateKey: string; publicKey: string },
  ) {}

  static async begin(bench: BenchWorld, world: World): Promise<OutboxPeers> {
    await bench.installPeers();
    const nats = await NatsServer.create(join(bench.dir, 'peers-nats'));
    await nats.start();
    bench.afterwards(() => nats.stop());
    const bus = await connect({ servers: nats.url });
    bench.afterwards(() => bus.close());
    const { makeKeys } = (await import(join(__dirname, '..', 'peers', 'outbox-kit.mjs'))) as {
      makeKeys: () => { privateKey: string; publicKey: string };
    };
    return new OutboxPeers(bench, world, nats, await bus.jetstreamManager(), makeKeys());
  }

  /** From when its workers run until the last row is on the stream and marked, or received. */
  async drain(name: PeerName, work: Work): Promise<Worked> {
    await this.manager.streams.delete(EVENT_STREAM.name).catch(() => undefined);
    await this.manager.streams.add(STREAM);
    const databaseUrl = await this.freshDatabase();
    const peers = Array.from({ length: work.processes }, () => this.bench.peer(`outbox-${name}.mjs`));
    const consumer = work.isReceived === true ? this.bench.peer('outbox-consumer.mjs') : undefined;
    const { payload, signs, jobs } = work;
    const setting = { databaseUrl, natsUrl: this.nats.url, ...this.keys, payload, signs };
    try {
      await peers[0]!.ask({ enqueue: { databaseUrl, jobs } });
      await consumer?.ask({ run: setting });
      const meter = this.bench.cpuOf({
        ...Object.fromEntries(peers.map(({ pid }, index) => [`${name}-${index + 1}`, pid])),
        ...(consumer !== undefined && { consumer: consumer.pid }),
        postgres: this.world.stack.postgres.pid,
        'nats-server': this.nats.pid,
      });
      const beganAt = performance.now();
      await Promise.all(peers.map((peer) => peer.ask({ run: setting })));
      const endedAt = await this.ended(name, databaseUrl, jobs.length, consumer);
      const cpu = meter.seconds();
      await Promise.all(peers.map((peer) => peer.ask({ stop: true })));
      return { ms: endedAt - beganAt, cpu };
    } finally {
      await Promise.all([...peers, ...(consumer === undefined ? [] : [consumer])].map((peer) => peer.end()));
    }
  }

  private async ended(name: PeerName, databaseUrl: string, rows: number, consumer: Peer | undefined): Promise<number> {
    const stream = StreamCount.over(this.manager);
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    try {
      const left = async (): Promise<number> => (await client.query<{ n: number }>(LEFT[name])).rows[0]?.n ?? NaN;
      await when(async () => (await stream.stored()) >= rows, 20);
      const markedAt = await when(async () => (await left()) === 0);
      if (consumer === undefined) return markedAt;
      return await when(async () => (await consumer.ask<{ answer: number }>({ look: true })).answer >= rows);
    } finally {
      await client.end();
    }
  }

  private async freshDatabase(): Promise<string> {
    const url = new URL(this.world.stack.databaseUrl('owner'));
    const name = `peers_${(this.databases += 1)}`;
    await this.world.query(`CREATE DATABASE ${name}`);
    url.pathname = `/${name}`;
    return url.href;
  }
}

/** One for each Node of so many. */
export const jobs = (count: number, nodes = count): Job[] => {
  const ids = Array.from({ length: nodes }, () => randomUUID());
  return Array.from({ length: count }, (_, index) => {
    const nodeId = ids[index % nodes] ?? '';
    return { nodeId, eventId: nodes === count ? randomUUID() : `${nodeId}/${randomUUID()}` };
  });
};
