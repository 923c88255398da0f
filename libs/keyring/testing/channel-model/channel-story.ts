/**
 * For specs: one ring of a channel with the processes at both its ends. Does one deed after the other, and knows what each
 * process reported; what must be true of it stands elsewhere.
 */
import {
  acknowledgedBy,
  activateKey,
  changeMembers,
  closeChannelRotation,
  openChannelRotation,
  provenAfter,
  rollbackChannel,
  settleChannel,
  takesProof,
  type Member,
  type MemberRole,
} from '../../src/channel';
import { activeKey, createRing, type KeyRing } from '../../src/key-ring';
import { nextStep, type NextStep, type StepPolicy } from '../../src/next-step';
import { progressOf } from '../../src/progress';
import { revokeKey } from '../../src/revoke';
import type { RingChange } from '../../src/ring-change';
import { isOpen, phaseOf, type Transition } from '../../src/transition';
import type { Deed } from './any-life';
import { Process } from './process';
import { CHANNEL, OVERLAP_MS, TERMS } from './terms';

const STEPS: StepPolicy = {
  ...{ gate: CHANNEL.gate, mostTrusted: CHANNEL.mostTrusted, newKey: CHANNEL.newKey, algorithm: 'HS256' },
  ...{ standby: false, rotateEvery: null, close: 'automatic', nextFiring: () => null },
  ...TERMS,
};

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
}
