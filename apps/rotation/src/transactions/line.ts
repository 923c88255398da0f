import { problem } from '@plexsphere/wire';

/** As long as the database itself waits for a lock: whoever stands here longer would only go on waiting there. */
export const PATIENCE_MS = 5_000;

interface Queue {
  busy: number;
  /** Whose turn it is next stands first. */
  waiting: Map<string, (() => void)[]>;
}

/**
 * Where callers stand before something that only so many may do at a time, in memory, where it costs no connection.
 * Askers take turns: a hundred of one delay another's first by one.
 */
export class Line {
  private readonly queues = new Map<string, Queue>();

  constructor(private readonly width: number) {}

  /** @throws Problem scopeBusy where its turn does not come in time */
  async run<Result>(name: string, asker: string, work: () => Promise<Result>): Promise<Result> {
    const queue = this.queues.get(name) ?? { busy: 0, waiting: new Map() };
    this.queues.set(name, queue);
    const queuedAt = performance.now();
    await this.enter(queue, asker);
    try {
      if (performance.now() - queuedAt > PATIENCE_MS) throw problem('scopeBusy');
      return await work();
    } finally {
      this.leave(name, queue);
    }
  }

  private async enter(queue: Queue, asker: string): Promise<void> {
    if (queue.busy < this.width) {
      queue.busy++;
      return;
    }
    await new Promise<void>((enter) => {
      const others = queue.waiting.get(asker);
      if (others === undefined) queue.waiting.set(asker, [enter]);
      else others.push(enter);
    });
  }

  /** Hands the place over, so that nobody slips in between. */
  private leave(name: string, queue: Queue): void {
    const [next] = queue.waiting;
    if (next === undefined) {
      queue.busy--;
      if (queue.busy === 0) this.queues.delete(name);
      return;
    }
    const [asker, [enter, ...others]] = next;
    queue.waiting.delete(asker);
    if (others.length > 0) queue.waiting.set(asker, others);
    enter?.();
  }
}
