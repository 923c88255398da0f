import { Injectable } from '@nestjs/common';
import { ThrottledLog } from '@plexsphere/service-kit';
import { DataSource } from 'typeorm';
import { Batcher } from '../batcher';
import { Counters } from '../counters';
import { RelayLoop } from '../relay-loop';
import type { NodeAck } from './combine-acks';
import { recordHellos, type NodeHello } from './record-hellos';
import { settleAcks } from './settle-acks';

const GATHER_MS = 20;

/**
 * Hellos and acknowledgements, written down many at a time. A batch that fails is dropped: a Node repeats its hello until
 * it is answered and its acknowledgement every minute, and both are cumulative.
 */
@Injectable()
export class HelloAckBatches {
  private readonly hellos = new Batcher<NodeHello>(GATHER_MS, (hellos) => this.recordHellos(hellos));
  private readonly acks = new Batcher<NodeAck>(GATHER_MS, (acks) => this.settle(acks));

  constructor(
    private readonly database: DataSource,
    private readonly loop: RelayLoop,
    private readonly counters: Counters,
    private readonly log: ThrottledLog,
  ) {}

  /** Resolves when it is written down, or has failed: a stop waits for that. */
  hello(hello: NodeHello): Promise<void> {
    return this.hellos.add(hello).catch((err: unknown) => this.failed('hellos not recorded', err));
  }

  ack(ack: NodeAck): Promise<void> {
    return this.acks.add(ack).catch((err: unknown) => this.failed('acknowledgements not settled', err));
  }

  private async recordHellos(hellos: NodeHello[]): Promise<void> {
    const nobodies = await recordHellos(this.database.manager, hellos);
    this.counters.add('hello', hellos.length - nobodies.length);
    // Its credential has left the list of those that the bus refuses, or has not come there yet.
    if (nobodies.length > 0) this.counters.add('hello_of_nobody', nobodies.length);
    for (const node of nobodies)
      this.log.warn({ node, reason: 'not enrolled' }, 'hello of a Node that is not enrolled');
    this.loop.wake();
  }

  private async settle(acks: NodeAck[]): Promise<void> {
    const refused = await this.database.transaction('READ COMMITTED', (manager) => settleAcks(manager, acks));
    this.counters.add('ack', acks.length - refused.length);
    if (refused.length === 0) return;
    this.counters.add('ack_refused', refused.length);
    this.loop.wake();
    for (const { nodeId, epoch, platformEpoch, position } of refused) {
      const fields = { node: nodeId, epoch, platform_epoch: platformEpoch, position, reason: 'never told' };
      // A line a Node: it draws the rest itself.
      this.log.warn(fields, 'acknowledgement refused', nodeId);
    }
  }

  private failed(text: string, err: unknown): void {
    this.counters.add('batch_failed');
    this.log.warn({ err }, text, err instanceof Error ? err.message : '');
  }
}
