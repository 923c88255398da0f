import { setTimeout as delay } from 'node:timers/promises';

/**
 * Gathers items for `delayMs`, and for as long as the batch before is under way, and hands them over together: so that a
 * thousand Nodes that speak at once cost a few statements and not a thousand.
 */
export class Batcher<Item> {
  private waiting: Item[] = [];
  private gathering: Promise<void> | undefined;
  private underWay: Promise<void> = Promise.resolve();

  constructor(
    private readonly delayMs: number,
    private readonly handOver: (items: Item[]) => Promise<void>,
  ) {}

  /** Settles with the batch that the item went with. */
  add(item: Item): Promise<void> {
    this.waiting.push(item);
    this.gathering ??= this.nextBatch();
    return this.gathering;
  }

  /** Resolves when nothing waits any more, whatever became of it. */
  async drain(): Promise<void> {
    while (this.gathering !== undefined) await this.gathering.catch(() => undefined);
    await this.underWay;
  }

  private async nextBatch(): Promise<void> {
    const before = this.underWay;
    await Promise.all([delay(this.delayMs), before]);
    const items = this.waiting;
    this.waiting = [];
    this.gathering = undefined;
    const work = this.handOver(items);
    this.underWay = work.catch(() => undefined);
    await work;
  }
}
