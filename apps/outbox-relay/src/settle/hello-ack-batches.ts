import { Injectable } from '@nestjs/common';
import { FORKED } from '@plexsphere/keyring';
import { ThrottledLog } from '@plexsphere/service-kit';
import { DataSource } from 'typeorm';
import { Counters } from '../counters';
import { RelayLoop } from '../relay-loop';
import { KeyMarking } from './key-marking';
import type { CountedWord, NodeWord } from './node-word';
import { recordHellos, type NodeHello } from './record-hellos';
import { SaidBatcher } from './said-batcher';
import { settleAcks } from './settle-acks';

/**
 * Hellos and acknowledgements. Of a batch that fails: a Node repeats its hello until it is answered and its acknowledgement
 * every minute, and both are cumulative.
 */
@Injectable()
export class HelloAckBatches {
  private readonly hellos: SaidBatcher<NodeHello>;
  private readonly acks: SaidBatcher<NodeWord>;

  constructor(
    private readonly database: DataSource,
    private readonly loop: RelayLoop,
    private readonly marking: KeyMarking,
    private readonly counters: Counters,
    private readonly log: ThrottledLog,
  ) {
    const tells = { counters, log };
    this.hellos = new SaidBatcher((hellos) => this.recordHellos(hellos), 'hellos not recorded', tells);
    this.acks = new SaidBatcher((acks) => this.settle(acks), 'acknowledgements not settled', tells);
  }

  hello(hello: NodeHello): Promise<void> {
    return this.hellos.add(hello);
  }

  ack(ack: NodeWord): Promise<void> {
    return this.acks.add(ack);
  }

  private async recordHellos(hellos: NodeHello[]): Promise<void> {
    const { words, nobodies } = await this.database.transaction('READ COMMITTED', (manager) =>
      recordHellos(manager, hellos),
    );
    this.counters.add('hello', words.length);
    this.tellForks(words);
    // Its credential has left the list of those that the bus refuses, or has not come there yet.
    if (nobodies.length > 0) this.counters.add('hello_of_nobody', nobodies.length);
    for (const node of nobodies)
      this.log.warn({ node, reason: 'not enrolled' }, 'hello of a Node that is not enrolled');
    this.loop.wake();
  }

  private async settle(acks: NodeWord[]): Promise<void> {
    const { words, refused, haveKeys } = await this.database.transaction('READ COMMITTED', (manager) =>
      settleAcks(manager, acks),
    );
    if (haveKeys) this.marking.wake();
    this.counters.add('ack', acks.length - refused.length);
    this.tellForks(words);
    if (refused.length === 0) return;
    this.counters.add('ack_refused', refused.length);
    this.loop.wake();
    for (const { nodeId, position } of refused) {
      // A line a Node: it draws the rest itself.
      this.log.warn({ node: nodeId, position, reason: 'never told' }, 'acknowledgement refused', nodeId);
    }
  }

  /** At once, and counted each time: somebody signs who should not, or the database is not the one that it was. */
  private tellForks(words: readonly CountedWord[]): void {
    for (const { nodeId, heads, newFork, newPlatformFork, ...word } of words) {
      if (word.epoch === FORKED || word.platformEpoch === FORKED) this.counters.add('fork');
      if (word.aheadEpoch !== null || word.aheadPlatformEpoch !== null) this.counters.add('epoch_ahead');
      if (newFork) this.log.error({ node: nodeId, head: heads.ring }, "fork of a Node's own ring", nodeId);
      if (newPlatformFork)
        this.log.error({ node: nodeId, head: heads.platform }, "fork of the platform's ring", nodeId);
      if (newFork || newPlatformFork) this.loop.wake();
    }
  }
}
