/** Many envelopes for one request: a signature each, and whoever else asks meanwhile waits for a few of them at most. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Problem, problem } from '@plexsphere/wire';
import type { Seal, SealedFields } from './envelope';

/** After so much time at a stretch the event loop gets its turn: a renewal of a lease, an answer, a timer. */
const STRETCH_MS = 5;

@Injectable()
export class BatchSealer {
  /** One batch after the other: each of a hundred that are under way would take a stretch of its own of each turn. */
  private underWay: Promise<unknown> = Promise.resolve();

  /**
   * All of them, in their order, or none. What has waited longer than whoever asked waits for the answer is not begun.
   * @throws Problem as `seal` throws it, with the `index` of the one that it is about; noAnswer
   */
  sealAll(fields: readonly SealedFields[], seal: Seal, durationMs: number): Promise<string[]> {
    const endsAt = performance.now() + durationMs;
    const sealed = this.underWay.then(() => {
      if (performance.now() > endsAt) throw problem('noAnswer');
      return inStretches(fields, seal);
    });
    this.underWay = sealed.catch(() => undefined);
    return sealed;
  }
}

async function inStretches(fields: readonly SealedFields[], seal: Seal): Promise<string[]> {
  const envelopes: string[] = [];
  let endsAt = performance.now() + STRETCH_MS;
  for (const [index, each] of fields.entries()) {
    if (performance.now() >= endsAt) {
      await nextTurn();
      endsAt = performance.now() + STRETCH_MS;
    }
    try {
      const sealed = seal(each);
      envelopes.push(sealed instanceof Promise ? await sealed : sealed);
    } catch (error) {
      throw error instanceof Problem ? new Problem({ ...error.body, index }) : error;
    }
  }
  // The next batch's first stretch, and what becomes of this one, are of another turn.
  await nextTurn();
  return envelopes;
}
