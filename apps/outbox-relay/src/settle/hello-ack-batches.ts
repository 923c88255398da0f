import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { DataSource } from 'typeorm';
import { Batcher } from '../batcher';
import { Complaints } from '../complaints';
import { Counters } from '../counters';
import { RelayLoop } from '../relay-loop';
import type { SaidAck } from './combine-acks';
import { recordHellos, type SaidHello } from './record-hellos';
import { settleAcks } from './settle-acks';

const GATHER_MS = 20;

/**
 * What Nodes say, many at a time. A batch that fails is dropped: a Node repeats its hello until it is answered and its
 * acknowledgement every minute, and both are cumulative.
 */
@Injectable()
export class SettleBatcher {
  private readonly hellos = new Batcher<SaidHello>(GATHER_MS, (hellos) => this.recordHellos(hellos));
  private readonly acks = new Batcher<SaidAck>(GATHER_MS, (acks) => this.settle(acks));
  private readonly complaints: Complaints;

  constructor(
    private readonly database: DataSource,
    private readonly loop: RelayLoop,
    private readonly counters: Counters,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.complaints = new Complaints(logger);
  }

  /** Resolves when it is written down, or has failed: a stop waits for that. */
  hello(hello: SaidHello): Promise<void> {
    return this.hellos.add(hello).catch((err: unknown) => this.failed('hellos not recorded', err));
  }

  ack(ack: SaidAck): Promise<void> {
    return this.acks.add(ack).catch((err: unknown) => this.failed('acknowledgements not settled', err));
  }

  private async recordHellos(hellos: SaidHello[]): Promise<void> {
    const nobodies = await recordHellos(this.database.manager, hellos);
    this.counters.add('hello', hellos.length - nobodies.length);
    // Its credential has left the list of those that the bus refuses, or has not come there yet.
    if (nobodies.length > 0) this.counters.add('hello_of_nobody', nobodies.length);
    for (const node of nobodies) this.complaints.warn('hello of a Node that is not enrolled', 'not enrolled', { node });
    this.loop.wake();
  }

  private async settle(acks: SaidAck[]): Promise<void> {
    const refused = await this.database.transaction('READ COMMITTED', (manager) => settleAcks(manager, acks));
    this.counters.add('ack', acks.length - refused.length);
    if (refused.length === 0) return;
    this.counters.add('ack_refused', refused.length);
    this.loop.wake();
    for (const { nodeId, epoch, platformEpoch, position } of refused) {
      const fields = { node: nodeId, epoch, platform_epoch: platformEpoch, position };
      this.complaints.warn('acknowledgement refused', 'never told', fields);
    }
  }

  private failed(text: string, err: unknown): void {
    this.counters.add('batch_failed');
    this.complaints.warn(text, err instanceof Error ? err.message : 'unknown');
  }
}
