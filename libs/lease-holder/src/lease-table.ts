import { epochWentBack, leaseFrom, leaseOutlives, type Clocks, type Lease } from '@plexsphere/keyring';
import { problem, type KeyView, type RingView, type Scope } from '@plexsphere/wire';
import type { RenewLeaseReply } from '@plexsphere/wire/commands';
import type { TakenRing } from './holder';

interface Entry<Loaded> {
  /** The newest ring that rotation has shown, taken or not: nothing older is ever taken. */
  seen: RingView;
  /** The epoch that rotation showed after a later one. */
  wentBackTo?: number | undefined;
  ring?: TakenRing<Loaded>;
  /** Of `ring`'s epoch. */
  lease?: Lease | undefined;
  /**
   * The lease of the ring that is being replaced: until the new one is confirmed or this ends, requests are still heard
   * and wait, so that a switch is no gap in which nobody listens. Nothing is permitted under it.
   */
  outgoing?: Lease | undefined;
}

/** A ring, or a grant, older than what this process has seen. */
interface EpochWentBack {
  scope: Scope;
  epoch: number;
  seenEpoch: number;
}

export interface Outcome {
  toLoad: RingView[];
  refused: EpochWentBack[];
  /** Scopes whose ring is there no more: nothing of it is held from now on, and it is not claimed again. */
  dropped: Scope[];
}

/**
 * Which rings this process has taken, and until when it may work by each. No I/O and no clock of its own: what happened,
 * and when, are arguments.
 */
export class LeaseTable<Loaded = unknown> {
  private readonly entries = new Map<Scope, Entry<Loaded>>();

  /** What to claim when renewing: only rings that are loaded. */
  epochs(): Record<Scope, number> {
    return Object.fromEntries(
      [...this.entries].flatMap(([scope, { ring }]) => (ring === undefined ? [] : [[scope, ring.view.epoch]])),
    );
  }

  /**
   * Statements that prove a later epoch than rotation has shown: the head of the ring that was seen. Where a close alone
   * came after it, there is none.
   */
  proofs(): [Scope, string][] {
    return [...this.entries].flatMap(([scope, { seen, wentBackTo }]): [Scope, string][] =>
      wentBackTo !== undefined && seen.statement !== null && epochWentBack(wentBackTo, seen.head_epoch)
        ? [[scope, seen.statement]]
        : [],
    );
  }

  /** Ends every lease. The rings stay: whoever asks again claims them. */
  giveBack(): void {
    for (const entry of this.entries.values()) {
      entry.lease = undefined;
      entry.outgoing = undefined;
    }
  }

  /** `asked` is when, and `claimed` what, the renewal asked that this is the reply to. */
  answered(asked: Clocks, claimed: Record<Scope, number>, reply: RenewLeaseReply): Outcome {
    const before = new Map(Object.keys(claimed).map((scope) => [scope, this.lastLease(scope)]));
    const outcome: Outcome = { toLoad: [], refused: this.grant(asked, claimed, reply), dropped: [] };
    outcome.dropped = reply.removed.filter((scope) => this.entries.delete(scope));
    for (const view of reply.rings) {
      const wentBack = this.shown(view);
      if (wentBack !== undefined) outcome.refused.push(wentBack);
      else if (this.replaced(view, before.get(view.scope))) outcome.toLoad.push(view);
    }
    return outcome;
  }

  /** By this ring from now on and by the one before no more; false where a newer one has been shown meanwhile. */
  take(view: RingView, loaded: Loaded): boolean {
    const entry = this.entries.get(view.scope);
    if (entry === undefined || entry.seen.epoch !== view.epoch || entry.ring?.view.epoch === view.epoch) return false;
    entry.ring = { view, loaded };
    entry.lease = undefined;
    return true;
  }

  /** The ring that was shown cannot be taken now: nobody should wait for it here. */
  notLoaded(view: RingView): void {
    const entry = this.entries.get(view.scope);
    if (entry?.seen.epoch === view.epoch) entry.outgoing = undefined;
  }

  ring(scope: Scope): TakenRing<Loaded> | undefined {
    return this.entries.get(scope)?.ring;
  }

  /** The newest ring that rotation has shown, whether it could be loaded or not: nobody works by it alone. */
  seen(scope: Scope): RingView | undefined {
    return this.entries.get(scope)?.seen;
  }

  /**
   * The ring to work by. Without `epoch`, the one that is held.
   * @throws Problem epochMismatch, with the own epoch; noLease where the lease does not outlive `durationMs` from now
   */
  permit(need: { scope: Scope; epoch?: number | undefined }, durationMs: number, now: Clocks): TakenRing<Loaded> {
    const entry = this.entries.get(need.scope);
    if (entry?.ring === undefined) throw problem('noLease');
    const { epoch } = entry.ring.view;
    if (need.epoch !== undefined && need.epoch !== epoch) throw problem('epochMismatch', { epoch });
    if (entry.lease === undefined || !leaseOutlives(entry.lease, now, durationMs)) throw problem('noLease');
    return entry.ring;
  }

  /** Scopes to hear requests for, each with the epoch held. */
  heard(now: Clocks): Map<Scope, number> {
    const heard = [...this.entries].flatMap(([scope, entry]): [Scope, number][] =>
      entry.ring !== undefined && standing(entry, now).length > 0 ? [[scope, entry.ring.view.epoch]] : [],
    );
    return new Map(heard);
  }

  /** Milliseconds until the first lease ends by whichever clock comes first; undefined where none stands. */
  nextEndMs(now: Clocks): number | undefined {
    const ends = [...this.entries.values()]
      .flatMap((entry) => standing(entry, now))
      .map(({ endsAt }) => Math.min(endsAt.monotonicMs - now.monotonicMs, endsAt.wallMs - now.wallMs));
    return ends.length === 0 ? undefined : Math.max(0, Math.min(...ends));
  }

  private grant(asked: Clocks, claimed: Record<Scope, number>, reply: RenewLeaseReply): EpochWentBack[] {
    const lease = leaseFrom(asked, reply.lease_ms);
    const granted = new Set(reply.granted);
    const refused: EpochWentBack[] = [];
    for (const [scope, epoch] of Object.entries(claimed)) {
      const entry = this.entries.get(scope);
      // A ring that was taken after the question was asked is not what the answer speaks of.
      if (entry?.ring?.view.epoch !== epoch) continue;
      const wentBack = granted.has(scope) && epochWentBack(epoch, entry.seen.epoch);
      if (wentBack) {
        entry.wentBackTo = epoch;
        refused.push({ scope, epoch, seenEpoch: entry.seen.epoch });
      }
      // What is not granted is over at once: rotation knows better than the time that is left.
      entry.lease = granted.has(scope) && !wentBack ? lease : undefined;
      entry.outgoing = undefined;
    }
    return refused;
  }

  private lastLease(scope: Scope): Lease | undefined {
    const entry = this.entries.get(scope);
    return entry?.lease ?? entry?.outgoing;
  }

  /** Whether `view` is to be loaded in place of what is held. */
  private replaced(view: RingView, lastLease: Lease | undefined): boolean {
    const entry = this.entries.get(view.scope);
    if (entry === undefined || entry.ring?.view.epoch === view.epoch) return false;
    entry.lease = undefined;
    entry.outgoing = lastLease;
    return true;
  }

  private shown(view: RingView): EpochWentBack | undefined {
    const entry = this.entries.get(view.scope);
    if (entry === undefined) {
      this.entries.set(view.scope, { seen: view });
      return undefined;
    }
    if (epochWentBack(view.epoch, entry.seen.epoch) || isFork(view, entry.seen)) {
      entry.lease = undefined;
      entry.outgoing = undefined;
      entry.wentBackTo = view.epoch;
      return { scope: view.scope, epoch: view.epoch, seenEpoch: entry.seen.epoch };
    }
    entry.seen = view;
    entry.wentBackTo = undefined;
    return undefined;
  }
}

const standing = ({ lease, outgoing }: Entry<unknown>, now: Clocks): Lease[] =>
  [lease, outgoing].filter((each) => each !== undefined).filter((each) => leaseOutlives(each, now, 0));

/** The same epoch with other keys: a restored database went on from an earlier state. */
function isFork(shown: RingView, seen: RingView): boolean {
  if (shown.epoch !== seen.epoch) return false;
  const [key, keySeen] = [activeKey(shown), activeKey(seen)];
  return (
    shown.statement_hash !== seen.statement_hash ||
    key?.key_id !== keySeen?.key_id ||
    key?.public_key !== keySeen?.public_key
  );
}

const activeKey = (ring: RingView): KeyView | undefined => ring.keys.find(({ state }) => state === 'active');
