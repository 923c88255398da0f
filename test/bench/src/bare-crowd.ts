/** Receivers without anything of ours, in a few processes: what verifying, writing and answering costs by itself. */
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { join } from 'node:path';
import { NatsServer } from '@plexsphere/stack';
import { connect, type NatsConnection } from 'nats';
import type { BenchWorld } from './bench-world';
import type { Peer } from './peer';

/** Of a statement with both its signatures, and of the envelope around it: what an announcement's verifies are over. */
const TEXT_BYTES = [700, 700, 1_100];

export interface BareRound {
  /** Until the last answer has come back. */
  ms: number;
  /** When each was done, since the first was sent. */
  doneMs: number[];
  cpu: Record<string, number>;
}

export class BareCrowd {
  private done = 0;
  private hearAll: () => void = () => undefined;

  private constructor(
    private readonly bench: BenchWorld,
    private readonly nats: NatsServer,
    private readonly bus: NatsConnection,
    private readonly processes: readonly Peer[],
    private readonly body: Uint8Array,
    private readonly count: number,
  ) {
    bus.subscribe('bare.done', {
      callback: () => {
        this.done += 1;
        if (this.done === this.count) this.hearAll();
      },
    });
  }

  static async begin(bench: BenchWorld, count: number, processes: number): Promise<BareCrowd> {
    const nats = await NatsServer.create(join(bench.dir, 'bare-nats'));
    await nats.start();
    bench.afterwards(() => nats.stop());
    const { body, publicKey } = message();
    const peers = Array.from({ length: processes }, () => bench.peer('bare-receivers.mjs'));
    const indexes = Array.from({ length: count }, (_, index) => index);
    await Promise.all(
      peers.map((peer, at) =>
        peer.ask({
          begin: {
            ...{ natsUrl: nats.url, publicKey, folder: join(bench.dir, 'bare') },
            indexes: indexes.filter((index) => index % processes === at),
          },
        }),
      ),
    );
    const bus = await connect({ servers: nats.url });
    bench.afterwards(() => bus.close());
    const crowd = new BareCrowd(bench, nats, bus, peers, body, count);
    await bus.flush();
    return crowd;
  }

  /** One message to each. */
  async round(): Promise<BareRound> {
    const { bench, nats, bus, processes, body, count } = this;
    this.done = 0;
    const heardAll = new Promise<void>((resolve) => (this.hearAll = resolve));
    const meter = bench.cpuOf({
      'nats-server': nats.pid,
      ...Object.fromEntries(processes.map(({ pid }, at) => [`receivers-${at + 1}`, pid])),
    });
    const beganAt = performance.now();
    const beganAtMs = performance.timeOrigin + beganAt;
    for (let index = 0; index < count; index++) bus.publish(`bare.${index}`, body);
    await heardAll;
    const ms = performance.now() - beganAt;
    const cpu = meter.seconds();
    const times = await Promise.all(processes.map((each) => each.ask<{ answer: number[] }>({ done: true })));
    return { ms, cpu, doneMs: times.flatMap(({ answer }) => answer.map((at) => at - beganAtMs)) };
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((each) => each.end()));
    await this.bus.close();
    await this.nats.stop();
  }
}

function message(): { body: Uint8Array; publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
    publicKeyEncoding: { format: 'der', type: 'spki' },
  });
  const key = createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' });
  const texts = TEXT_BYTES.map((bytes) => 'x'.repeat(bytes));
  const signatures = texts.map((text) => sign(null, Buffer.from(text), key).toString('base64'));
  return { body: Buffer.from(JSON.stringify({ texts, signatures })), publicKey: publicKey.toString('base64') };
}
