/**
 * For specs: one ring of a channel with the processes at both its ends, as they are in truth: what each of them holds, and
 * signs by, whatever the ring says of it by now. What rotation knows of them is what they reported.
 */
import fc from 'fast-check';
import {
  acknowledgedBy,
  activateKey,
  changeMembers,
  closeChannelRotation,
  heldByMember,
  openChannelRotation,
  provenAfter,
  rollbackChannel,
  settleChannel,
  takesProof,
  type Acknowledgement,
  type AloneUse,
  type HeldByMember,
  type Member,
  type MemberRole,
} from '../src/channel';
import { activeKey, createRing, type KeyRing } from '../src/key-ring';
import { nextStep, type NextStep, type StepPolicy } from '../src/next-step';
import { progressOf } from '../src/progress';
import { revokeKey } from '../src/revoke';
import type { RingChange } from '../src/ring-change';
import { scopePolicy } from '../src/scope-policy';
import { isOpen, phaseOf, type Transition } from '../src/transition';

export const CHANNEL = scopePolicy('channel');
export const BOTH_MS = 300;
export const OVERLAP_MS = 3_000;
export const PROPAGATION_MS = 200;
export const SKEW_MS = 30;
export const TERMS = {
  ...{ overlapWindowMs: OVERLAP_MS, propagationDelayMs: PROPAGATION_MS, clockSkewMs: SKEW_MS, relayLagMs: 50 },
  bothForMs: BOTH_MS,
};
const STEPS: StepPolicy = {
  ...{ gate: CHANNEL.gate, mostTrusted: CHANNEL.mostTrusted, newKey: CHANNEL.newKey, algorithm: 'HS256' },
  ...{ standby: false, rotateEvery: null, close: 'automatic', nextFiring: () => null },
  ...TERMS,
};

const which = fc.nat({ max: 9 });
const constant = <const T>(value: T) => fc.constant(value);

const anyDeed = fc.oneof(
  // What a ring's change is followed by: everybody hears of it, and says so. Some do not, for a while.
  { weight: 12, arbitrary: fc.record({ verb: fc.constantFrom('hear', 'report', 'hear and report'), which }) },
  { weight: 6, arbitrary: fc.record({ verb: fc.constantFrom('all hear and report', 'all report') }) },
  { weight: 10, arbitrary: fc.record({ verb: constant('wait'), ms: fc.constantFrom(1, 60, 200, 301, 301, 2_000) }) },
  { weight: 7, arbitrary: fc.record({ verb: fc.constantFrom('open', 'activate', 'settle', 'rollback') }) },
  { weight: 5, arbitrary: fc.record({ verb: constant('close'), force: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ verb: constant('obey') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      verb: constant('add'),
      role: fc.constantFrom<MemberRole>('sender', 'receiver'),
      isSink: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ verb: fc.constantFrom('remove', 'lose', 'stranger'), which }) },
  { weight: 1, arbitrary: fc.record({ verb: constant('revoke'), which, discardStaged: fc.boolean() }) },
);

export type Deed = typeof anyDeed extends fc.Arbitrary<infer D> ? D : never;

const ALL: Deed = { verb: 'all hear and report' };
/** Nobody has heard anything new. */
const AGAIN: Deed = { verb: 'all report' };
const wait = (ms: 1 | 200 | 301): Deed => ({ verb: 'wait', ms });

const SWITCH: readonly Deed[] = [{ verb: 'open' }, ALL, wait(200), { verb: 'activate' }];
const QUIET: readonly Deed[] = [ALL, wait(301), wait(200), ALL, wait(1), ALL];
const SINKS: readonly Deed[] = [
  { verb: 'add', role: 'sender', isSink: true },
  { verb: 'add', role: 'receiver', isSink: true },
];

/** What leads somewhere where nothing comes in between; most of it, in this order. */
const CHAPTERS: readonly (readonly Deed[])[] = [
  SWITCH,
  [{ verb: 'open' }, ALL, { verb: 'lose', which: 0 }, wait(200), { verb: 'activate' }],
  [...QUIET, { verb: 'close', force: false }],
  [AGAIN, wait(301), wait(200), AGAIN, wait(1), AGAIN, { verb: 'close', force: false }],
  [...SINKS, ALL],
  [...SINKS, ...SWITCH, ...QUIET, { verb: 'close', force: false }],
  [...SWITCH, { verb: 'rollback' }, ...QUIET, { verb: 'settle' }],
];
const anyChapter = fc.oneof(...CHAPTERS.map((all) => fc.subarray([...all], { minLength: all.length - 2 })));

/** Chapters, with whatever comes in between. */
export const anyLife: fc.Arbitrary<Deed[]> = fc
  .array(fc.oneof({ weight: 5, arbitrary: anyDeed.map((deed) => [deed]) }, { weight: 2, arbitrary: anyChapter }), {
    maxLength: 40,
    size: 'max',
  })
  .map((parts) => parts.flat());

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

export class ChannelStory {
  nowMs = 0;
  ring: KeyRing = createRing('channel:acme:app-to-plugin', 'k0');
  transition: Transition | null = null;
  readonly processes: Process[] = [];
  readonly done = new Map<string, number>();
  /** Until when each key that was on its way out was promised to verify; those that nobody promises anything any more. */
  readonly promisedMs = new Map<string, number>();
  readonly lawless = new Set<string>();
  private count = 0;

  get now(): Date {
    return new Date(this.nowMs);
  }

  at(role: MemberRole): Process[] {
    return this.processes.filter((process) => process.role === role);
  }

  /** As rotation has it. */
  get members(): Member[] {
    return this.processes.map((process) => {
      const { nodeId, role, isSink, acknowledgement, proven, reportedFromMs, reportedAlone } = process;
      const isOld = reportedAlone !== null && reportedAlone.kid === this.transition?.oldKeyId;
      return {
        ...{ nodeId, name: nodeId, role, isSink, proven, heldEpoch: process.reportedEpoch },
        acknowledgedAt: acknowledgement?.trustEpoch === this.ring.trustEpoch ? acknowledgement.at : null,
        reportedFrom: reportedFromMs === null ? null : new Date(reportedFromMs),
        verifiedAloneByOld: isOld ? reportedAlone : null,
      };
    });
  }

  /** @throws Refusal where the domain refuses */
  do(deed: Deed): RingChange | undefined {
    const change = this.changeBy(deed);
    const name = change === undefined ? deed.verb : change.change;
    this.done.set(name, (this.done.get(name) ?? 0) + 1);
    if (change === undefined) return undefined;
    this.ring = change.ring;
    this.transition = change.transition;
    return change;
  }

  private changeBy(deed: Deed): RingChange | undefined {
    switch (deed.verb) {
      case 'wait':
        this.nowMs += deed.ms;
        return undefined;
      case 'hear':
      case 'report':
      case 'hear and report':
        return this.tell(this.pick(deed.which), deed.verb);
      case 'all hear and report':
      case 'all report':
        for (const process of this.processes)
          this.tell(process, deed.verb === 'all report' ? 'report' : 'hear and report');
        return undefined;
      case 'lose':
        return this.lose(this.pick(deed.which));
      case 'stranger':
        return this.stranger(this.at('receiver')[deed.which % Math.max(1, this.at('receiver').length)]);
      case 'add':
        if (this.processes.length >= 8) return undefined;
        this.processes.push(new Process(`n${(this.count += 1)}`, deed.role, deed.isSink, this.nowMs));
        return changeMembers(this.ring, this.transition);
      case 'remove': {
        const gone = this.pick(deed.which);
        if (gone === undefined) return undefined;
        this.processes.splice(this.processes.indexOf(gone), 1);
        return changeMembers(this.ring, this.transition);
      }
      case 'obey':
        return this.obey();
      default:
        return this.command(deed);
    }
  }

  private command(
    deed: Extract<Deed, { verb: 'open' | 'activate' | 'settle' | 'close' | 'rollback' | 'revoke' }>,
  ): RingChange {
    const { ring, transition, members, now } = this;
    const named = { oldKeyId: transition?.oldKeyId ?? '', newKeyId: transition?.newKeyId ?? '' };
    switch (deed.verb) {
      case 'open': {
        const opening = { ...TERMS, newKeyId: `k${this.count + 1}`, openedAt: now, members };
        const change = openChannelRotation(ring, transition, opening, CHANNEL);
        this.count += 1;
        return change;
      }
      case 'activate': {
        const change = activateKey(ring, transition, members, TERMS, now);
        this.promisedMs.set(named.oldKeyId, this.nowMs + OVERLAP_MS);
        return change;
      }
      case 'rollback': {
        const change = rollbackChannel(ring, transition, { ...named, members, at: now }, TERMS);
        if (transition !== null && phaseOf(transition) === 'active')
          this.promisedMs.set(named.newKeyId, transition.closesAt.getTime());
        return change;
      }
      case 'settle':
        return settleChannel(ring, transition, members, TERMS, now);
      case 'close': {
        const change = closeChannelRotation(ring, transition, { ...named, members, at: now, force: deed.force }, TERMS);
        if (change.gate.forced) this.lawless.add(named.oldKeyId);
        return change;
      }
      case 'revoke':
        return this.revoke(deed);
    }
  }

  /** Does what is next by itself; what the domain says is next it does not refuse. */
  private obey(): RingChange | undefined {
    const step = this.nextStep();
    switch (step?.step) {
      case 'activate':
      case 'settle':
        return this.command({ verb: step.step });
      case 'close':
        return this.command({ verb: 'close', force: false });
      default:
        return undefined;
    }
  }

  nextStep(): NextStep | null {
    const facts = {
      ...{ switchedEpoch: this.ring.epoch, undestroyed: [], promotion: null, stagedAlgorithm: null },
      ...{ progress: progressOf([], 1, this.now), scheduledSince: this.now },
      members: this.members,
    };
    return nextStep(this.ring, this.transition, STEPS, facts, this.now);
  }

  private revoke(deed: { which: number; discardStaged: boolean }): RingChange {
    const held = this.ring.keys.filter(({ state }) => state !== 'retired' && state !== 'revoked');
    const { keyId } = held[deed.which % held.length]!;
    const revoking = {
      keyId,
      newKeyId: `k${this.count + 1}`,
      discardStaged: deed.discardStaged,
      at: this.now,
      ...TERMS,
    };
    const before = activeKey(this.ring).keyId;
    const change = revokeKey(this.ring, this.transition, revoking, CHANNEL);
    this.count += 1;
    this.lawless.add(keyId);
    const signs = activeKey(change.ring).keyId;
    // Nothing is waited for: who receives may not hold it yet.
    if (signs !== before) this.lawless.add(signs);
    return change;
  }

  private pick(index: number): Process | undefined {
    return this.processes[index % Math.max(1, this.processes.length)];
  }

  private tell(process: Process | undefined, verb: 'hear' | 'report' | 'hear and report'): undefined {
    if (verb !== 'report') process?.hear(this.ring, this.nowMs);
    if (verb !== 'hear' && process !== undefined) this.report(process);
  }

  /** As rotation takes it: every kid that it verifies or signs by now, proven over the epoch that it holds. */
  private report(process: Process): void {
    const { epoch, keys } = process.held ?? { epoch: 0, keys: [] };
    const kids = keys
      .filter(({ verifiesUntil }) => verifiesUntil === null || this.now < verifiesUntil)
      .filter(({ keyId }) => this.isProvable(keyId, epoch))
      .map(({ keyId }) => keyId);
    process.named = kids;
    process.proven = provenAfter(process.proven, kids, this.now);
    process.acknowledgement = acknowledgedBy(process.acknowledgement, epoch, this.ring.trustEpoch, this.now);
    process.reportedEpoch = epoch;
    const { alone, reportedAtMs } = process;
    if (alone !== null) {
      const periodFrom = new Date(reportedAtMs);
      process.reportedAlone = { kid: alone.kid, at: new Date(alone.atMs), periodFrom, reportedAt: this.now };
    }
    Object.assign(process, { reportedFromMs: reportedAtMs, reportedAtMs: this.nowMs, alone: null });
  }

  private isProvable(keyId: string, epoch: number): boolean {
    const key = this.ring.keys.find((each) => each.keyId === keyId);
    return key !== undefined && takesProof({ ...key, stagedEpoch: 1 }, epoch, this.ring.epoch);
  }

  /** It comes back with an empty memory, and says so before anything else. */
  private lose(process: Process | undefined): undefined {
    if (process?.held === undefined) return;
    process.history = [];
    this.report(process);
  }

  /** Somebody who is no member, and has known the secret for long, asks by the outgoing key alone. */
  private stranger(receiver: Process | undefined): undefined {
    const kid = isOpen(this.transition) ? this.transition.oldKeyId : undefined;
    if (receiver === undefined || kid === undefined || receiver.isSink || receiver.held === undefined) return;
    if (receiver.verifies(kid, this.nowMs)) receiver.alone = { kid, atMs: this.nowMs };
  }

  /** Requests of now that some receiver would refuse, though nobody who was told may be the reason. */
  refused(): { sender: string; receiver: string; kids: string[] }[] {
    return this.at('sender').flatMap((sender) =>
      sender.signatures(this.nowMs).flatMap((kids) =>
        this.at('receiver')
          .filter((receiver) => receiver.held !== undefined && kids.length > 0)
          .filter((receiver) => !kids.some((kid) => receiver.verifies(kid, this.nowMs)))
          .filter((receiver) => !kids.every((kid) => this.isExcused(kid, receiver)))
          .map((receiver) => ({ sender: sender.nodeId, receiver: receiver.nodeId, kids })),
      ),
    );
  }

  /** By a revoke, or by force; or its time is over, and the receiver was told no better. */
  private isExcused(kid: string, receiver: Process): boolean {
    if (this.lawless.has(kid)) return true;
    const isOver = this.nowMs >= (this.promisedMs.get(kid) ?? Infinity);
    return isOver && (kid !== activeKey(this.ring).keyId || receiver.expects(kid, this.nowMs));
  }
}
