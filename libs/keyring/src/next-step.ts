import { channelCloseGate, mayActivate, maySettle, type ChannelTerms, type Member } from './channel';
import { type Key, type KeyRing, stagedKey } from './key-ring';
import type { Policy } from './policy';
import { closeGate, type Progress } from './progress';
import { settlingKeys, waitsForSettling } from './ring-change';
import { nextDueAt, type NextFiring, type RingPolicy } from './ring-policy';
import type { NamedTransition } from './rotation';
import type { ScopePolicy } from './scope-policy';
import { isPastRotateBy, propagatedAt } from './stage';
import { tokensOverAt } from './tokens';
import { isOpen, phaseOf, type Transition } from './transition';

/** A staged key that is to sign once enough Nodes have it. */
export interface Promotion {
  readonly keyId: string;
  /** Of the enrolled Nodes that were ever seen. */
  readonly percent: number;
  readonly deadline: Date;
}

/** What is known of a ring beside its state. */
export interface RingFacts {
  /** The last epoch whose switch is recorded: no lease of an earlier one was left then. */
  readonly switchedEpoch: number;
  /** Keys that left the ring and whose private halves are not known to be destroyed. */
  readonly undestroyed: readonly string[];
  readonly promotion: Promotion | null;
  /** Of the key that is staged; null where none is. */
  readonly stagedAlgorithm: string | null;
  /** Of the scope's Nodes, against the trust epoch. */
  readonly progress: Pick<Progress, 'enrolled' | 'applied' | 'pending' | 'lagging'>;
  /** Of a channel's ring; of any other there are none. */
  readonly members: readonly Member[];
  /** When the schedule was last acted on, a rotation was opened by hand, or the schedule was decided: the latest of them. */
  readonly scheduledSince: Date;
}

/** `reason`: constant text, for the log and for status. */
export type NextStep = { readonly reason: string } & (
  | { readonly step: 'finish_switch' }
  | { readonly step: 'destroy_keys'; readonly keyIds: readonly string[] }
  | { readonly step: 'settle' | 'unstage' | 'promote' | 'drop_promotion'; readonly keyId: string }
  | ({ readonly step: 'close' } & NamedTransition)
  | { readonly step: 'stage_standby' }
  /** By the schedule, with a promotion of its own. `dueAt` names the occasion: exactly one replica takes it. */
  | { readonly step: 'stage'; readonly dueAt: Date }
  /** Every member that receives has proven the key that an open rotation waits for. */
  | { readonly step: 'activate'; readonly keyId: string }
  /** By the schedule: a rotation that goes on by what its members report. */
  | { readonly step: 'open'; readonly dueAt: Date }
  /** By the schedule, to the standby. */
  | { readonly step: 'rotate'; readonly keyId: string; readonly dueAt: Date }
  /** Due, and something is in the way. */
  | { readonly step: 'wait'; readonly dueAt: Date }
);

/** How a ring's kind and its own policy are handed in, with what evaluates its schedule. */
export interface StepPolicy
  extends
    Pick<ScopePolicy, 'gate' | 'mostTrusted' | 'newKey'>,
    Pick<RingPolicy, 'algorithm' | 'rotateEvery' | 'close' | 'standby' | 'propagationDelayMs'>,
    Pick<Policy, 'clockSkewMs'>,
    Pick<ChannelTerms, 'bothForMs'> {
  readonly nextFiring: NextFiring;
}

/**
 * What is to be done for a ring without anybody's asking, one thing after the other; null where nothing is. What a process
 * that died left behind comes first, then what its time ends, then what somebody ordered, then the standby, and last the
 * schedule.
 */
export function nextStep(
  ring: KeyRing,
  transition: Transition | null,
  policy: StepPolicy,
  facts: RingFacts,
  now: Date,
): NextStep | null {
  return (
    unfinished(ring, facts) ??
    ended(ring, transition, policy, facts, now) ??
    activated(transition, policy, facts, now) ??
    promoted(ring, policy, facts, now) ??
    closed(ring, transition, policy, facts, now) ??
    keptStaged(ring, policy, facts) ??
    scheduled(ring, transition, policy, facts, now)
  );
}

function unfinished(ring: KeyRing, { switchedEpoch, undestroyed }: RingFacts): NextStep | null {
  // A switch leaves no lease of any earlier epoch, so an earlier one that was never recorded is finished by it as well.
  if (switchedEpoch < ring.epoch) return { step: 'finish_switch', reason: 'changed, switch not recorded' };
  if (undestroyed.length === 0) return null;
  return { step: 'destroy_keys', keyIds: undestroyed, reason: 'out of the ring and switched, not destroyed' };
}

function ended(
  ring: KeyRing,
  transition: Transition | null,
  policy: StepPolicy,
  { members }: RingFacts,
  now: Date,
): NextStep | null {
  const [settling] = settlingKeys(ring, transition);
  const isOver =
    policy.gate === 'members'
      ? maySettle(ring, transition, members, policy, now)?.allowed === true
      : settling !== undefined && settling.verifiesUntil !== null && now >= settling.verifiesUntil;
  if (settling !== undefined && isOver) {
    return { step: 'settle', keyId: settling.keyId, reason: 'signs no more, and nothing by the key is under way' };
  }
  const staged = stagedKey(ring);
  if (staged === undefined || !isPastRotateBy(staged, now)) return null;
  return { step: 'unstage', keyId: staged.keyId, reason: 'staged, and not rotated to in time' };
}

/** Who is waited for longer than they should be is shown; what waits for them goes on waiting. */
function activated(
  transition: Transition | null,
  { newKey: comesIn, propagationDelayMs }: StepPolicy,
  { members }: RingFacts,
  now: Date,
): NextStep | null {
  if (comesIn !== 'is_proven_first' || !isOpen(transition) || phaseOf(transition) !== 'staged') return null;
  const { newKeyId: keyId } = transition;
  if (!mayActivate(members, { keyId, propagationDelayMs }, now).allowed) return null;
  return { step: 'activate', keyId, reason: 'every member that receives has proven the key' };
}

function promoted(ring: KeyRing, policy: StepPolicy, facts: RingFacts, now: Date): NextStep | null {
  const { promotion, progress } = facts;
  if (promotion === null) return null;
  const { keyId, deadline } = promotion;
  const staged = stagedKey(ring);
  if (staged?.keyId !== keyId) return { step: 'drop_promotion', keyId, reason: 'the key is not staged any more' };
  if (now >= deadline) return { step: 'drop_promotion', keyId, reason: 'the deadline is over' };
  if (!hasShare(progress, promotion) || now < propagatedAt(staged, policy)) return null;
  return { step: 'promote', keyId, reason: 'enough Nodes have applied the staged key' };
}

/** Who was never seen holds no key, and cannot be waited for; who is off can. */
const hasShare = ({ enrolled, applied, pending }: RingFacts['progress'], { percent }: Promotion): boolean =>
  applied * 100 >= (enrolled - pending.count) * percent;

/**
 * When a rotation closes by itself, as far as the time alone decides it (`closed`); null where it is closed by hand, while
 * its new key is staged, and as long as nobody knows when the last token by the old key is over.
 */
export function closesItselfAt(
  { activatedAt, closesAt }: Pick<Transition, 'activatedAt' | 'closesAt'>,
  old: Pick<Key, 'longestTokenMs' | 'tokensUntil'>,
  policy: Pick<StepPolicy, 'close' | 'clockSkewMs'>,
): Date | null {
  if (policy.close !== 'automatic' || activatedAt === null) return null;
  const tokensOver = tokensOverAt(old, policy);
  if (tokensOver === undefined) return closesAt;
  return tokensOver && (tokensOver > closesAt ? tokensOver : closesAt);
}

/** Never before closes_at, which was promised; and never where the gate would have to be forced. */
function closed(
  { keys }: KeyRing,
  transition: Transition | null,
  policy: StepPolicy,
  { progress: { lagging }, members }: RingFacts,
  now: Date,
): NextStep | null {
  if (!isOpen(transition) || policy.close !== 'automatic' || now < transition.closesAt) return null;
  const { oldKeyId, newKeyId } = transition;
  const old = keys.find(({ keyId }) => keyId === oldKeyId);
  const outstanding = { lagging, tokensOver: old && tokensOverAt(old, policy) };
  const gate =
    policy.gate === 'members'
      ? channelCloseGate(members, transition, policy, now, false)
      : closeGate(outstanding, transition, now, false, policy);
  if (!gate.allowed) return null;
  return { step: 'close', oldKeyId, newKeyId, reason: 'the overlap window is over' };
}

/** One key is staged long before it signs, of the algorithm that is decided. */
function keptStaged(ring: KeyRing, policy: StepPolicy, { stagedAlgorithm }: RingFacts): NextStep | null {
  if (!policy.standby) return null;
  const staged = stagedKey(ring);
  if (staged === undefined) return { step: 'stage_standby', reason: 'no key is staged' };
  if (stagedAlgorithm === policy.algorithm) return null;
  return { step: 'unstage', keyId: staged.keyId, reason: 'staged, and of another algorithm than is decided' };
}

/** Times that were missed are caught up once: the next one counts from when this one is acted on. */
function scheduled(
  ring: KeyRing,
  transition: Transition | null,
  policy: StepPolicy,
  facts: RingFacts,
  now: Date,
): NextStep | null {
  const dueAt = nextDueAt(ring.scope, policy, facts.scheduledSince, policy.nextFiring);
  if (dueAt === null || now < dueAt) return null;
  if (isOpen(transition)) return { step: 'wait', dueAt, reason: 'due, and a rotation is open' };
  if (waitsForSettling(policy) && settlingKeys(ring, transition).length > 0)
    return { step: 'wait', dueAt, reason: 'due, and a rollback settles' };
  if (policy.newKey === 'is_proven_first') return { step: 'open', dueAt, reason: 'due' };
  const staged = stagedKey(ring);
  if (staged === undefined) return { step: 'stage', dueAt, reason: 'due' };
  if (!policy.standby) return { step: 'wait', dueAt, reason: 'due, and a key is staged' };
  return toStandby(staged, policy, dueAt, now);
}

function toStandby(staged: Key, policy: StepPolicy, dueAt: Date, now: Date): NextStep {
  if (now < propagatedAt(staged, policy)) return { step: 'wait', dueAt, reason: 'due, and the standby not propagated' };
  return { step: 'rotate', keyId: staged.keyId, dueAt, reason: 'due' };
}
