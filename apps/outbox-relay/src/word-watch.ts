import { Injectable } from '@nestjs/common';
import { CLAIM_MS } from './claim/claim-nodes';
import type { Claim } from './claim/claims';

/**
 * Of which Nodes a word was handled while something is under way to them: what was signed before it is not published. This
 * replica's own haste alone: what another one publishes all the same, the stream that said the word does not pass.
 */
@Injectable()
export class WordWatch {
  /** By the monotonic clock; in the order in which they were handled, and none from before what is under way. */
  private readonly handled = new Map<string, number>();

  note(nodeId: string, nowMs = performance.now()): void {
    this.handled.delete(nodeId);
    this.handled.set(nodeId, nowMs);
    for (const [oldest, atMs] of this.handled) {
      if (nowMs - atMs <= CLAIM_MS) return;
      this.handled.delete(oldest);
    }
  }

  hasOutrun({ node, claimedAt }: Pick<Claim, 'node' | 'claimedAt'>): boolean {
    return (this.handled.get(node.nodeId) ?? Number.NEGATIVE_INFINITY) >= claimedAt;
  }
}
