/** One process at an end of a channel, as it is in truth: what it holds, and signs by, whatever the ring says of it by now. */
import {
  heldByMember,
  type Acknowledgement,
  type AloneUse,
  type HeldByMember,
  type MemberRole,
} from '../../src/channel';
import type { KeyRing } from '../../src/key-ring';
import { BOTH_MS, CHANNEL, PROPAGATION_MS, SKEW_MS } from './terms';

/** What a process holds from a time on. */
interface Held {
  fromMs: number;
  epoch: number;
  keys: readonly HeldByMember[];
}

export class Process {
  /** The last one is what it holds; of a sink whoever reads it may see what stood there a propagation delay ago. */
  history: Held[] = [];
  acknowledgement: Acknowledgement | null = null;
  proven: ReadonlyMap<string, Date> = new Map();
  /** What its last report named, as it was. */
  named: readonly string[] = [];
  reportedEpoch: number | null = null;
  reportedFromMs: number | null = null;
  reportedAtMs: number;
  alone: { kid: string; atMs: number } | null = null;
  reportedAlone: ({ kid: string } & AloneUse) | null = null;

  constructor(
    readonly nodeId: string,
    readonly role: MemberRole,
    readonly isSink: boolean,
    nowMs: number,
  ) {
    this.reportedAtMs = nowMs;
  }

  get held(): Held | undefined {
    return this.history.at(-1);
  }

  hear(ring: KeyRing, nowMs: number): void {
    if (ring.epoch <= (this.held?.epoch ?? 0)) return;
    const keys = heldByMember(ring, this.role, CHANNEL, new Date(nowMs));
    this.history.push({ fromMs: nowMs, epoch: ring.epoch, keys });
  }

  /** What may be read of it: of a sink all that stood there within the propagation delay. */
  seenBy(nowMs: number): Held[] {
    const last = this.history.length - 1;
    if (!this.isSink) return this.history.slice(-1);
    return this.history.filter((_, at) => at === last || this.history[at + 1]!.fromMs + PROPAGATION_MS > nowMs);
  }

  /** Each set of key ids by which a request of now may be signed. */
  signatures(nowMs: number): string[][] {
    if (this.isSink) return this.seenBy(nowMs).map(({ keys }) => keys.filter(isActive).map(({ keyId }) => keyId));
    const kids =
      this.held === undefined
        ? []
        : [...this.besides(nowMs), ...this.held.keys.filter(isActive).map(({ keyId }) => keyId)];
    return [kids];
  }

  /** By the keys of before as well, for a while after another one began to sign. */
  private besides(nowMs: number): string[] {
    const signing = this.history.map(({ keys, fromMs }) => ({ kid: keys.find(isActive)?.keyId, fromMs }));
    const now = signing.at(-1)?.kid;
    const since = signing.findLastIndex(({ kid }) => kid !== now) + 1;
    const before = signing[since - 1]?.kid;
    const isRecent = nowMs < (signing[since]?.fromMs ?? 0) + BOTH_MS;
    const stillHeld = this.held?.keys.some(({ keyId }) => keyId === before) === true;
    return before !== undefined && isRecent && stillHeld ? [before] : [];
  }

  /** Whether whoever verifies here, whatever of it is read, does so by the key. A fast clock drops it early. */
  verifies(kid: string, nowMs: number): boolean {
    return this.seenBy(nowMs).every(({ keys }) =>
      keys.some(
        ({ keyId, verifiesUntil }) => keyId === kid && nowMs + SKEW_MS < (verifiesUntil?.getTime() ?? Infinity),
      ),
    );
  }

  /** Whether what may be read of it says that the key goes: it has not heard otherwise, or not for long. */
  expects(kid: string, nowMs: number): boolean {
    return this.seenBy(nowMs).some(({ keys }) => keys.some((key) => key.keyId === kid && !key.isActive));
  }
}

const isActive = (key: HeldByMember): boolean => key.isActive;
