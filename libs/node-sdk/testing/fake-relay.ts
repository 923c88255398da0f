/** The least relay that a Node can live with, on a real bus: the one stream, one Node's outbox, no database. */
import { randomUUID } from 'node:crypto';
import { envelopeBy } from '@plexsphere/testkit';
import { EVENT_STREAM, headers as wireHeaders, subjects, type Ack, type Hello } from '@plexsphere/wire';
import {
  connect,
  headers as natsHeaders,
  StorageType,
  type JetStreamClient,
  type NatsConnection,
  type Subscription,
} from 'nats';
import type { TestMesh } from './test-mesh';

export class FakeRelay {
  readonly hellos: Hello[] = [];
  readonly acks: Ack[] = [];
  readonly outbox: Outgoing[] = [];
  private sending: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly mesh: TestMesh,
    private readonly bus: NatsConnection,
    private readonly stream: JetStreamClient,
  ) {}

  static async connect(url: string, mesh: TestMesh): Promise<FakeRelay> {
    const bus = await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    const relay = new FakeRelay(mesh, bus, bus.jetstream());
    await relay.makeStream();
    relay.listen(bus.subscribe(subjects.nodeHello(mesh.nodeId)), (hello: Hello) => relay.answer(hello));
    relay.listen(bus.subscribe(subjects.nodeAck(mesh.nodeId)), (ack: Ack) => void relay.acks.push(ack));
    await bus.flush();
    return relay;
  }

  get settled(): number {
    return this.acks.at(-1)?.position ?? 0;
  }

  async makeStream(): Promise<void> {
    const manager = await this.bus.jetstreamManager();
    await manager.streams.add({
      name: EVENT_STREAM.name,
      subjects: [EVENT_STREAM.subjects],
      storage: StorageType.File,
      max_msgs_per_subject: 1,
      republish: { src: EVENT_STREAM.subjects, dest: EVENT_STREAM.republishTo },
    });
  }

  /** A new ordinary event. */
  async publish(): Promise<string> {
    const event = { position: this.outbox.length + 1, eventId: randomUUID() };
    this.outbox.push(event);
    await this.send(() => this.sendEvent(event));
    return event.eventId;
  }

  /** One that is built anew each time that it is sent: what a channel's member is told. */
  async tell(build: () => string): Promise<void> {
    const event = { position: this.outbox.length + 1, eventId: '', build };
    this.outbox.push(event);
    await this.send(() => this.sendEvent(event));
  }

  announce(text: string): Promise<void> {
    return this.send(() => this.put('event', text));
  }

  close(): Promise<void> {
    return this.bus.close();
  }

  private listen<T>(subscription: Subscription, take: (body: T) => void): void {
    void (async () => {
      for await (const message of subscription) take(message.json<T>());
    })();
  }

  private answer(hello: Hello): void {
    this.hellos.push(hello);
    void this.send(async () => {
      if (hello.epoch < this.mesh.ring.epoch) {
        const since = { epoch: hello.epoch, platformEpoch: hello.platform_epoch };
        await this.put('chain', await this.mesh.chain(new Date(), since));
      }
      const standing = { resumes_after: hello.position, last_position: this.outbox.length };
      await this.put('event', this.mesh.ready(new Date(), hello.hello_id, standing));
      for (const event of this.outbox.filter(({ position }) => position > hello.position)) await this.sendEvent(event);
    });
  }

  /** One message in flight, and in order; what the bus refuses, the next hello brings. */
  private send(work: () => Promise<unknown>): Promise<void> {
    const sent = this.sending.then(work).then(
      () => undefined,
      () => undefined,
    );
    this.sending = sent;
    return sent;
  }

  private sendEvent({ position, eventId, build }: Outgoing): Promise<unknown> {
    const text = build?.() ?? envelopeBy(this.mesh.ring.active, this.mesh.ring.scope, new Date(), { eventId });
    return this.put('event', text, { [wireHeaders.position]: String(position) });
  }

  private put(kind: string, text: string, members: Record<string, string> = {}): Promise<unknown> {
    const headers = natsHeaders();
    headers.set(wireHeaders.kind, kind);
    for (const [name, value] of Object.entries(members)) headers.set(name, value);
    return this.stream.publish(subjects.eventsOut(this.mesh.nodeId), text, { headers, timeout: 1_000 });
  }
}

interface Outgoing {
  position: number;
  eventId: string;
  build?: () => string;
}
