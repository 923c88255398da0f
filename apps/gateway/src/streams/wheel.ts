import { setImmediate as others } from 'node:timers/promises';
import { Loop, type LoopOptions } from '@plexsphere/service-kit';

/** So many take a few milliseconds: nobody else who waits for this process waits longer for them. */
const AT_A_TIME = 250;

/** Goes round among all of a set, again and again. Whoever comes or goes meanwhile is met, or is not. */
export class Wheel<Item> {
  private readonly loop: Loop;

  constructor(
    private readonly items: ReadonlySet<Item>,
    private readonly deed: (item: Item) => void,
    options: Pick<LoopOptions, 'everyMs' | 'logger'>,
  ) {
    this.loop = new Loop({ ...options, turn: (stopping) => this.turn(stopping), failure: 'streams not looked after' });
  }

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  private async turn(stopping: AbortSignal): Promise<void> {
    let met = 0;
    for (const item of [...this.items]) {
      if (stopping.aborted) return;
      if (this.items.has(item)) this.deed(item);
      met += 1;
      if (met % AT_A_TIME === 0) await others();
    }
  }
}
