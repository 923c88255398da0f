import type { ThrottledLog } from '@plexsphere/service-kit';
import { Batcher } from '../batcher';
import type { Counters } from '../counters';

const GATHER_MS = 20;

/**
 * What is said of Nodes, written down many at a time. A batch that fails is dropped, counted and told of: whoever said it
 * says it again, or what follows says more.
 */
export class SaidBatcher<Said> {
  private readonly batcher: Batcher<Said>;

  constructor(
    write: (said: Said[]) => Promise<void>,
    private readonly failure: string,
    private readonly tells: { counters: Counters; log: ThrottledLog },
  ) {
    this.batcher = new Batcher(GATHER_MS, write);
  }

  /** Resolves when it is written down, or has failed: a stop waits for that. */
  async add(said: Said): Promise<void> {
    try {
      await this.batcher.add(said);
    } catch (err) {
      this.tells.counters.add('batch_failed');
      this.tells.log.warn({ err }, this.failure, err instanceof Error ? err.message : '');
    }
  }
}
