import { Injectable } from '@nestjs/common';
import { PLATFORM, type Scope } from '@plexsphere/wire';
import { CLAIM_MS } from './claim/claim-nodes';
import type { Claim } from './claim/claims';
import type { NextMessage } from './claim/next-message';

/**
 * Which rings have changed while something is under way: what was claimed for a ring as it was is let go, so that a bundle
 * or an envelope by a key that was revoked or rolled back meanwhile does not go out. What many share is asked for by the
 * rings' epochs, and so by nobody any more. A bare word on the bus, so it stops nothing: what is let go is claimed again
 * at once, by what the database says.
 */
@Injectable()
export class RingWatch {
  /** By scope, by the monotonic clock; in the order in which they changed, and none from before what is under way. */
  private readonly changed = new Map<Scope, { epoch: number; atMs: number }>();

  /** Said again and again while a switch is waited for: once counts. */
  note(scope: Scope, epoch: number, nowMs = performance.now()): void {
    if ((this.changed.get(scope)?.epoch ?? 0) >= epoch) return;
    this.changed.delete(scope);
    this.changed.set(scope, { epoch, atMs: nowMs });
    for (const [oldest, { atMs }] of this.changed) {
      if (nowMs - atMs <= CLAIM_MS) return;
      this.changed.delete(oldest);
    }
  }

  /** Whether a ring that the message rests on has gone further since it was claimed. */
  hasOutrun({ node, message, claimedAt }: Pick<Claim, 'node' | 'message' | 'claimedAt'>): boolean {
    if (this.changed.size === 0) return false;
    const { own, platform } = epochsOf(message);
    const channel = message.kind === 'ordinary' ? message.event.channel : null;
    const isPast = (scope: Scope, epoch: number): boolean => {
      const change = this.changed.get(scope);
      return change !== undefined && change.atMs >= claimedAt && change.epoch > epoch;
    };
    if (channel !== null && isPast(channel.scope, channel.epoch ?? 0)) return true;
    return isPast(node.scope, own) || (platform !== undefined && isPast(PLATFORM, platform));
  }
}

/** Which rings it was made by, and of which of their epochs it speaks. */
function epochsOf(message: NextMessage): { own: number; platform?: number | undefined } {
  const { epoch: own } = message;
  if (message.kind === 'ordinary') return { own };
  return { own, platform: message.kind === 'announce' ? message.told.platformEpoch : message.platformEpoch };
}
