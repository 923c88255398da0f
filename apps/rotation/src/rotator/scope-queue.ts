import { Injectable } from '@nestjs/common';
import { problem, type Scope } from '@plexsphere/wire';

/** As long as a lock is waited for: whoever queues longer would only queue at the database next. */
const QUEUE_PATIENCE_MS = 5_000;

/**
 * One transaction a scope waits for the scope's lock in this process, the others wait here, where waiting costs no
 * connection: rivals of one scope must not take the pool from all others. The lock itself stays the database's.
 */
@Injectable()
export class ScopeQueue {
  private readonly last = new Map<Scope, Promise<void>>();

  /** @throws Problem scopeBusy where its turn does not come */
  async run<Result>(scope: Scope, work: () => Promise<Result>): Promise<Result> {
    const before = this.last.get(scope) ?? Promise.resolve();
    let leave: () => void = () => undefined;
    const mine = new Promise<void>((resolve) => (leave = resolve));
    const end = before.then(() => mine);
    this.last.set(scope, end);
    const queuedAt = performance.now();
    try {
      await before;
      if (performance.now() - queuedAt > QUEUE_PATIENCE_MS) throw problem('scopeBusy');
      return await work();
    } finally {
      leave();
      if (this.last.get(scope) === end) this.last.delete(scope);
    }
  }
}
