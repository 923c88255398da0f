/** What a relay would put on one Node's stream, without bus and database. For specs only. */
import { randomUUID } from 'node:crypto';
import type { SessionHarness } from './session-harness';

interface Outgoing {
  eventId: string;
  settled: boolean;
}

/** Answers what the Node of `node` has said; as the real one, it believes a word within what it has told and no further. */
export class HonestRelay {
  /** By position - 1. */
  readonly events: Outgoing[] = [];
  private hellosSeen = 0;
  private acksSeen = 0;
  private issuedAtMs = 0;

  constructor(private readonly node: SessionHarness) {}

  get resumesAfter(): number {
    const first = this.events.findIndex(({ settled }) => !settled);
    return first === -1 ? this.events.length : first;
  }

  /** Not sent yet. */
  publish(): string {
    const eventId = randomUUID();
    this.events.push({ eventId, settled: false });
    return eventId;
  }

  /** Until the Node has nothing more to say, or `turns` are over. */
  async serve(turns = 20): Promise<void> {
    for (let turn = 0; turn < turns; turn += 1) {
      await this.node.flushed();
      const { hellos, acks } = this.node;
      const saidHello = hellos.length > this.hellosSeen;
      const saidAck = acks.length > this.acksSeen;
      if (!saidHello && !saidAck && !this.lags && this.resumesAfter === this.events.length) return;
      this.hellosSeen = hellos.length;
      if (this.hear() || saidHello) await this.answer();
      else if (this.lags) await this.sendChain();
      else await this.sendUnsettled();
    }
  }

  private get lags(): boolean {
    const { ring, platform } = this.node.mesh;
    const { epoch, platform_epoch } = this.node.acks.at(-1) ?? { epoch: 1, platform_epoch: 1 };
    return epoch !== ring.epoch || platform_epoch !== platform.epoch;
  }

  /** Whether the Node claims to be further than it can be. */
  private hear(): boolean {
    const acks = this.node.acks.slice(this.acksSeen);
    this.acksSeen += acks.length;
    const { ring, platform } = this.node.mesh;
    let beyond = false;
    for (const { epoch, platform_epoch, position } of acks) {
      if (position > this.events.length) beyond = true;
      else if (epoch <= ring.epoch && platform_epoch <= platform.epoch) {
        for (const event of this.events.slice(0, position)) event.settled = true;
      }
    }
    return beyond;
  }

  /** What tells the present rings, then the answer, then what is not settled. */
  private async answer(): Promise<void> {
    const { node } = this;
    await this.sendChain();
    const standing = { resumes_after: this.resumesAfter, last_position: this.events.length };
    await node.ready(node.lastHello.hello_id, standing);
    await this.sendUnsettled();
  }

  /** Two bundles are never of one millisecond. */
  private async sendChain(): Promise<void> {
    this.issuedAtMs = Math.max(this.issuedAtMs + 1, this.node.now().getTime());
    await this.node.chain(await this.node.mesh.chain(new Date(this.issuedAtMs), { epoch: 0, platformEpoch: 0 }));
  }

  private async sendUnsettled(): Promise<void> {
    for (let position = this.resumesAfter + 1; position <= this.events.length; position += 1) {
      const { eventId, settled } = this.events[position - 1]!;
      if (!settled) await this.node.event(position, { eventId });
    }
  }
}
