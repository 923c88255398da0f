/**
 * What the relays do for one Node, in memory: a row of outbox.node_stream, and what is written into it with each word of the
 * Node, each claim and each message. What comes next the domain says, and the plane signs it.
 */
import {
  FORKED,
  chainPart,
  dueMessage,
  isAhead,
  standingAt,
  toldBy,
  type ChainPlace,
  type DueMessage,
  type OpenHello,
  type Standing,
  type StreamState,
  type Told,
} from '@plexsphere/keyring';
import { envelopeBy } from '@plexsphere/testkit';
import { PLATFORM, type Scope } from '@plexsphere/wire';
import type { Message, Said } from './model-node';
import type { ModelRing, ModelStatement } from './model-ring';
import type { Plane, Whose } from './plane';

/** So that most chains are of several parts. */
const PART = 2;
/** A repetition of a hello that comes so soon after its own answer has crossed it. */
const CROSSED_WITHIN_MS = 2_000;

export interface Hello extends OpenHello {
  id: number;
  counts: Told;
  isTaken: boolean;
}

/** What a word counts as, ring by ring. */
interface Counted {
  own: Standing & { newFork: boolean };
  platform: Standing & { newFork: boolean };
}

export class ModelRelay {
  /** What the Node's stream has told it, and what it has acknowledged. */
  told: Told;
  settled: Told;
  private platformForkedFrom: number | null = null;
  /** The heads that it showed last where they stand nowhere in our chain: what status shows. */
  readonly forks = new Map<Whose, string>();
  /** An ordinary event waits for it. */
  hasEvent = false;
  /** What the Node showed last. */
  shown: Said['heads'] | undefined;
  /** As it was claimed last. */
  claimed: StreamState<Hello>;
  chain: ChainPlace | null = null;
  hello: Hello | null = null;
  helloId = 0;
  answeredAtMs = -Infinity;
  /** When what is not settled is sent again; null where all is. */
  resendAtMs: number | null = null;
  private resendCount = 0;
  sequence = 0;

  constructor(
    private readonly plane: Plane,
    readonly scope: Scope,
  ) {
    this.told = { epoch: this.own.ring.epoch, platformEpoch: this.platform.ring.epoch };
    this.settled = this.told;
    this.claimed = { told: this.told, platformForkedFrom: null, chain: null, hello: null };
  }

  hear(said: Said): void {
    this.shown = said.heads;
    const counted = this.count(said);
    const counts = { epoch: counted.own.epoch, platformEpoch: counted.platform.epoch };
    const held = this.platformForkedFrom ?? this.settled.platformEpoch;
    this.platformForkedFrom = counts.platformEpoch === FORKED ? held : null;
    if (said.helloId === undefined) this.settle(counted, counts);
    else this.record(said.helloId, counted, counts);
  }

  /** Claims the Node and sends what is due; undefined where nothing is. `cannotOpen`: no signer can, of what announces. */
  async next(cannotOpen = false): Promise<Message | undefined> {
    const message = await this.write(this.claim(), cannotOpen);
    if (message !== undefined) this.planResending();
    return message;
  }

  private async write(due: DueMessage<Hello>, cannotOpen: boolean): Promise<Message | undefined> {
    switch (due.kind) {
      case 'nothing':
        return undefined;
      case 'announce':
        if (cannotOpen) return due.otherwise === null ? undefined : this.sendPart(due.otherwise, true);
        this.raise(due.told);
        return this.message({ kind: 'event', text: this.plane.announcement(this.scope, due) });
      case 'chain':
        return this.sendPart(due.from, due.gates);
      case 'ready':
        this.hello = null;
        this.answeredAtMs = this.plane.nowMs;
        return this.message({ kind: 'event', text: this.event(), answers: due.hello.id });
      case 'ordinary':
        if (this.hasEvent) {
          this.hasEvent = false;
          return this.message({ kind: 'event', text: this.event() });
        }
        return due.closeFrom === null ? undefined : this.sendPart(due.closeFrom, false);
    }
  }

  /** As record-hellos.ts: a repetition replaces nothing that is under way, unless it shows that the Node is ours again, or no more. */
  private record(id: number, { own, platform }: Counted, counts: Told): void {
    const { told } = this;
    const isBack = told.epoch === FORKED && counts.epoch !== FORKED;
    const isPlatformBack = told.platformEpoch === FORKED && counts.platformEpoch !== FORKED;
    const hasCrossed = this.plane.nowMs - this.answeredAtMs < CROSSED_WITHIN_MS;
    const isUnderWay = this.hello === null ? hasCrossed : this.hello.isTaken;
    const isNewFork = own.newFork || platform.newFork;
    if (id !== this.helloId || isBack || isPlatformBack || isNewFork || !isUnderWay) {
      this.hello = { id, counts, isTaken: false, corrects: own.isWrong || platform.isWrong };
    }
    this.helloId = id;
    this.told = {
      epoch: isBack ? counts.epoch : told.epoch,
      platformEpoch: isPlatformBack ? counts.platformEpoch : told.platformEpoch,
    };
    this.settled = least(this.settled, counts);
  }

  /** As settle-acks.ts: what is applied was told; who shows a fork has applied nothing of that ring. */
  private settle({ own, platform }: Counted, counts: Told): void {
    const credible = this.hello === null || this.hello.isTaken ? counts : least(counts, this.hello.counts);
    const settled = (before: number, counted: number, epoch: number): number =>
      counted === FORKED ? FORKED : Math.max(before, epoch);
    const told = (before: number, counted: Counted['own'], epoch: number): number =>
      counted.newFork ? FORKED : counted.epoch === FORKED ? before : Math.max(before, epoch);
    const before = this.settled;
    this.settled = {
      epoch: settled(this.settled.epoch, counts.epoch, credible.epoch),
      platformEpoch: settled(this.settled.platformEpoch, counts.platformEpoch, credible.platformEpoch),
    };
    this.told = {
      epoch: told(this.told.epoch, own, credible.epoch),
      platformEpoch: told(this.told.platformEpoch, platform, credible.platformEpoch),
    };
    if (own.newFork || platform.newFork) this.chain = null;
    const isFurther = this.settled.epoch > before.epoch || this.settled.platformEpoch > before.platformEpoch;
    if (isFurther) [this.resendCount, this.resendAtMs] = [0, this.plane.nowMs + resendAfterMs(0)];
    if (!this.isUnsettled) this.resendAtMs = null;
  }

  /** As claim-nodes.ts: a hello that was not looked at lowers what counts as told, and so does what is not settled in time. */
  private claim(): DueMessage<Hello> {
    if (this.hello?.isTaken === false) {
      this.told = least(this.told, this.hello.counts);
      this.hello = { ...this.hello, isTaken: true };
      this.chain = null;
      [this.resendCount, this.resendAtMs] = [0, null];
    }
    if (this.resendAtMs !== null && this.plane.nowMs >= this.resendAtMs && this.chain === null) {
      this.told = least(this.told, this.settled);
      this.resendCount += 1;
      this.resendAtMs = this.plane.nowMs + resendAfterMs(this.resendCount);
    }
    return this.due();
  }

  /** As mark-published.ts. */
  private planResending(): void {
    if (!this.isUnsettled) this.resendAtMs = null;
    else this.resendAtMs ??= this.plane.nowMs + resendAfterMs(this.resendCount + 2);
  }

  private due(): DueMessage<Hello> {
    const { epoch, platformEpoch } = this.told;
    // A Node of `platform` has one ring under two names.
    const told = this.own === this.platform ? both(Math.min(epoch, platformEpoch)) : this.told;
    this.claimed = { told, platformForkedFrom: this.platformForkedFrom, chain: this.chain, hello: this.hello };
    return dueMessage(this.claimed, this.own.history(), this.platform.history());
  }

  private get isUnsettled(): boolean {
    return this.told.epoch > this.settled.epoch || this.told.platformEpoch > this.settled.platformEpoch;
  }

  private async sendPart(place: ChainPlace, gates: boolean): Promise<Message> {
    const ahead = {
      own: this.own.statements.filter((each) => isAhead(place.own, each)),
      platform: this.platform.statements.filter((each) => isAhead(place.platform, each)),
    };
    const epochs = { own: ahead.own.map(epochOf), platform: ahead.platform.map(epochOf) };
    const part = chainPart(place, epochs, PART);
    const textsOf = (list: ModelStatement[], count: number): string[] => list.slice(0, count).map(({ text }) => text);
    const lists = {
      platform_statements: textsOf(ahead.platform, part.platform.length),
      statements: textsOf(ahead.own, part.own.length),
    };
    const isLast = part.next === null;
    const end = isLast ? { bundle: await this.plane.bundle(this.scope) } : { more: true };
    this.raise(
      toldBy(place, part, this.claimed.told, { epoch: this.own.ring.epoch, platformEpoch: this.platform.ring.epoch }),
    );
    this.chain = part.next;
    if (isLast && this.hello !== null) this.hello = { ...this.hello, corrects: false };
    return this.message({ kind: 'chain', text: JSON.stringify({ ...lists, ...end }), gates });
  }

  /** Stands for `stream_ready` and for any ordinary event: by the active key, which the Node must hold. */
  private event(): string {
    return envelopeBy(this.own.active, this.scope, this.plane.now);
  }

  private message(message: Message): Message {
    this.sequence += 1;
    return { ...message, sequence: this.sequence };
  }

  private raise(told: Partial<Told>): void {
    this.told = {
      epoch: Math.max(this.told.epoch, told.epoch ?? 0),
      platformEpoch: Math.max(this.told.platformEpoch, told.platformEpoch ?? 0),
    };
  }

  private count({ epochs, heads }: Said): Counted {
    return {
      own: this.standing(this.own, this.whose, epochs.own, heads.own),
      platform: this.standing(this.platform, 'platform', epochs.platform, heads.platform),
    };
  }

  private standing(ring: ModelRing, whose: Whose, epoch: number, head: string): Standing & { newFork: boolean } {
    const at = ring.statements.findIndex(({ hash }) => hash === head);
    const headEpoch = ring.statements[at]?.epoch ?? null;
    const nextEpoch = at === -1 ? null : (ring.statements[at + 1]?.epoch ?? null);
    const standing = standingAt({ epoch, headEpoch, nextEpoch }, ring.ring.epoch);
    const newFork = standing.epoch === FORKED && this.forks.get(whose) !== head;
    if (standing.epoch === FORKED) this.forks.set(whose, head);
    else this.forks.delete(whose);
    return { ...standing, newFork };
  }

  private get whose(): Whose {
    return this.scope === PLATFORM ? 'platform' : 'domain';
  }

  private get own(): ModelRing {
    return this.plane.of(this.scope);
  }

  private get platform(): ModelRing {
    return this.plane.rings.platform;
  }
}

const least = (one: Told, other: Told): Told => ({
  epoch: Math.min(one.epoch, other.epoch),
  platformEpoch: Math.min(one.platformEpoch, other.platformEpoch),
});

/** As node-stream.ts. */
const resendAfterMs = (count: number): number => Math.min(60, 2 * 2 ** Math.min(count, 5)) * 1_000;

const both = (epoch: number): Told => ({ epoch, platformEpoch: epoch });

const epochOf = ({ epoch }: ModelStatement): number => epoch;
