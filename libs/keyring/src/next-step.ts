import { type KeyRing, stagedKey } from './key-ring';
import { closeGate, type Progress } from './progress';
import { settlingKey } from './ring-change';
import { nextDueAt, type NextFiring, type RingPolicy } from './ring-policy';
import type { NamedTransition } from './rotation';
import type { ScopePolicy } from './scope-policy';
import { isPastRotateBy, propagatedAt } from './stage';
import { isOpen, type Transition } from './transition';

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
  /** Of the scope's Nodes, against the trust epoch. */
  readonly progress: Pick<Progress, 'enrolled' | 'applied' | 'pending' | 'lagging'>;
  /** When the schedule was last acted on, a rotation was opened by hand, or the schedule was decided: the latest of them. */
  readonly scheduledSince: Date;
}

/** `reason`: constant text, for the log and for status. */
export type NextStep = { readonly reason: string } & (
  | { readonly step: 'finish_switch' }
  | { readonly step: 'destroy_keys'; readonly keyIds: readonly string[] }
  | { readonly step: 'settle' | 'unstage' | 'promote' | 'drop_promotion'; readonly keyId: string }
  | ({ readonly step: 'close' } & NamedTransition)
  /** By the schedule, with a promotion of its own. `dueAt` names the occasion: exactly one replica takes it. */
  | { readonly step: 'stage'; readonly dueAt: Date }
  /** Due, and something is in the way. */
  | { readonly step: 'wait'; readonly dueAt: Date }
);

/** How a ring's kind and its own policy are handed in, with what evaluates its schedule. */
export interface StepPolicy extends Pick<ScopePolicy, 'gate'>, Pick<RingPolicy, 'rotateEvery' | 'close'> {
  readonly propagationDelayMs: number;
  readonly nextFiring: NextFiring;
}

/**
 * What is to be done for a ring without anybody's asking, one thing after the other; null where nothing is. What a process
 * that died left behind comes first, then what its time ends, then what somebody ordered, and last the schedule.
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
    ended(ring, transition, now) ??
    promoted(ring, policy, facts, now) ??
    closed(transition, policy, facts, now) ??
    scheduled(ring, transition, policy, facts, now)
  );
}

function unfinished(ring: KeyRing, { switchedEpoch, undestroyed }: RingFacts): NextStep | null {
  // A switch leaves no lease of any earlier epoch, so an earlier one that was never recorded is finished by it as well.
  if (switchedEpoch < ring.epoch) return { step: 'finish_switch', reason: 'changed, switch not recorded' };
  if (undestroyed.length === 0) return null;
  return { step: 'destroy_keys', keyIds: undestroyed, reason: 'out of the ring and switched, not destroyed' };
}

function ended(ring: KeyRing, transition: Transition | null, now: Date): NextStep | null {
  const settling = settlingKey(ring, transition);
  if (settling !== undefined && settling.verifiesUntil !== null && now >= settling.verifiesUntil) {
    return { step: 'settle', keyId: settling.keyId, reason: 'rolled back, and nothing by the key is under way' };
  }
  const staged = stagedKey(ring);
  if (staged === undefined || !isPastRotateBy(staged, now)) return null;
  return { step: 'unstage', keyId: staged.keyId, reason: 'staged, and not rotated to in time' };
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
  applied * 100 >= (enrolled - pending.length) * percent;

/** Never before closes_at, which was promised; and never where the gate would have to be forced. */
function closed(transition: Transition | null, policy: StepPolicy, facts: RingFacts, now: Date): NextStep | null {
  if (!isOpen(transition) || policy.close !== 'automatic' || now < transition.closesAt) return null;
  if (!closeGate(facts.progress, transition, now, false, policy).allowed) return null;
  const { oldKeyId, newKeyId } = transition;
  return { step: 'close', oldKeyId, newKeyId, reason: 'the overlap window is over' };
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
  if (settlingKey(ring, transition) !== undefined)
    return { step: 'wait', dueAt, reason: 'due, and a rollback settles' };
  if (stagedKey(ring) !== undefined) return { step: 'wait', dueAt, reason: 'due, and a key is staged' };
  return { step: 'stage', dueAt, reason: 'due' };
}
