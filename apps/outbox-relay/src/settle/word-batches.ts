import { Injectable } from '@nestjs/common';
import { ThrottledLog } from '@plexsphere/service-kit';
import { DataSource } from 'typeorm';
import { Counters } from '../counters';
import { RelayLoop } from '../relay-loop';
import type { Called, NodeStreamWord } from './read-http-words';
import { WordWatch } from '../word-watch';
import { recordCalled } from './record-called';
import { recordWords } from './record-words';
import { SaidBatcher } from './said-batcher';

/**
 * What gateways say of Nodes. Of a batch that fails: a stream whose word has no answer says another, and the next stream of
 * a Node begins with what is on record.
 */
@Injectable()
export class WordBatches {
  private readonly words: SaidBatcher<NodeStreamWord>;
  private readonly called: SaidBatcher<Called>;

  constructor(
    private readonly database: DataSource,
    private readonly loop: RelayLoop,
    private readonly watch: WordWatch,
    private readonly counters: Counters,
    private readonly log: ThrottledLog,
  ) {
    const tells = { counters, log };
    this.words = new SaidBatcher((words) => this.record(words), 'words not recorded', tells);
    this.called = new SaidBatcher((called) => this.recordCalled(called), 'calls not recorded', tells);
  }

  word(word: NodeStreamWord): Promise<void> {
    return this.words.add(word);
  }

  haveCalled(nodes: Called): Promise<void> {
    return this.called.add(nodes);
  }

  private async record(words: NodeStreamWord[]): Promise<void> {
    const { handled, stale, refused } = await this.database.transaction('READ COMMITTED', (manager) =>
      recordWords(manager, words),
    );
    for (const { nodeId } of words) this.watch.note(nodeId);
    const counts = { word: handled, word_stale: stale, word_refused: refused.length };
    for (const [name, times] of Object.entries(counts)) if (times > 0) this.counters.add(name, times);
    for (const { nodeId: node } of refused) this.log.warn({ node, reason: 'not of ours' }, 'word refused', node);
    if (handled > 0) this.loop.wake();
  }

  private async recordCalled(called: readonly Called[]): Promise<void> {
    const all = { nodes: called.flatMap(({ nodes }) => nodes), streams: called.flatMap(({ streams }) => streams) };
    const news = await recordCalled(this.database.manager, all);
    if (news > 0) this.counters.add('called', news);
  }
}
