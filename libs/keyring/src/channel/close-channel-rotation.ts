import type { KeyRing } from '../key-ring';
import type { CloseGate } from '../progress';
import { Refusal } from '../refusal';
import type { RingChange } from '../ring-change';
import { closeRotation, namedTransition, type NamedTransition } from '../rotation';
import { phaseOf, type OpenTransition, type Transition } from '../transition';
import { mayActivate } from './activate-key';
import { type ChannelTerms, type Member, namesOf, receivers } from './member';
import { sendersSwitched } from './senders';

export interface ChannelCloseGate extends CloseGate {
  /** What stands in the way, whether force goes over it or not; null where nothing does. */
  readonly refusal: Refusal | null;
}

/**
 * Whether the old key may be dropped. From closes_at on it may, for that was promised; before it by facts alone: every
 * sender has switched and signs by both keys no more, and all who receive have since reported a period in which they
 * verified nothing by the old key alone. Where one did, by whomever that was signed, it has to be quiet for as long as senders
 * sign by both, and to have reported so. While the new key is staged it never may, by force neither: nobody signs by it.
 *
 * Of those who receive sinks say nothing: they do not see what is verified by what they have written.
 */
export function channelCloseGate(
  members: readonly Member[],
  transition: OpenTransition,
  terms: Pick<ChannelTerms, 'bothForMs' | 'propagationDelayMs'>,
  now: Date,
  force: boolean,
): ChannelCloseGate {
  const earlyByMs = Math.max(0, transition.closesAt.getTime() - now.getTime());
  if (phaseOf(transition) === 'staged') {
    const refusal = notActiveYet(members, transition, terms, now);
    return { allowed: false, forced: false, lagging: [], earlyByMs, refusal };
  }
  const { lagging, refusal } = outstanding(members, transition, terms, now);
  const isBlocking = refusal !== null && earlyByMs > 0;
  return {
    ...{ allowed: !isBlocking || force, forced: isBlocking && force },
    ...{ lagging, earlyByMs, refusal: isBlocking ? refusal : null },
  };
}

function notActiveYet(
  members: readonly Member[],
  { oldKeyId, newKeyId }: OpenTransition,
  { propagationDelayMs }: Pick<ChannelTerms, 'propagationDelayMs'>,
  now: Date,
): Refusal {
  const { waitingFor } = mayActivate(members, { keyId: newKeyId, propagationDelayMs }, now);
  return new Refusal('not_active_yet', { oldKeyId, newKeyId, waitingFor: namesOf(waitingFor) });
}

function outstanding(
  members: readonly Member[],
  { oldKeyId: keyId, activatedAt, openedAt }: OpenTransition,
  terms: Pick<ChannelTerms, 'bothForMs' | 'propagationDelayMs'>,
  now: Date,
): { lagging: string[]; refusal: Refusal | null } {
  const switched = sendersSwitched(members, terms, activatedAt ?? openedAt);
  const { from } = switched;
  const verifying = receivers(members).filter(({ isSink }) => !isSink);
  const unheard = verifying.filter(({ reportedFrom }) => from === null || reportedFrom === null || reportedFrom < from);
  if (from === null) return lags([...switched.lagging]);
  if (now < from) return { lagging: [], refusal: new Refusal('old_key_in_use', { keyId, signsUntil: from }) };
  const user = verifying.find((member) => usesOld(member, from, terms));
  if (user !== undefined) {
    const { nodeId, name, verifiedAloneByOld } = user;
    return { lagging: [], refusal: new Refusal('old_key_in_use', { keyId, nodeId, name, at: verifiedAloneByOld?.at }) };
  }
  return unheard.length > 0 ? lags(unheard) : { lagging: [], refusal: null };
}

/** Since nobody who is known signs by it, and for no less than it takes to be sure that it was the last time. */
function usesOld(
  { verifiedAloneByOld: used, reportedFrom }: Member,
  from: Date,
  { bothForMs }: Pick<ChannelTerms, 'bothForMs'>,
): boolean {
  if (used === null || used.periodFrom < from) return false;
  const isQuiet = reportedFrom !== null && reportedFrom.getTime() >= used.reportedAt.getTime() + bothForMs;
  return !isQuiet;
}

function lags(members: readonly Member[]): { lagging: string[]; refusal: Refusal } {
  const lagging = namesOf(members);
  return { lagging, refusal: new Refusal('nodes_lagging', { laggingCount: lagging.length, lagging }) };
}

export interface CloseChannelRotation extends NamedTransition {
  readonly members: readonly Member[];
  readonly at: Date;
  readonly force: boolean;
}

/**
 * @throws Refusal in this order: `invariant_violation`, `no_open_rotation`, `transition_mismatch`, `not_active_yet`,
 * `nodes_lagging`, `old_key_in_use`
 */
export function closeChannelRotation(
  ring: KeyRing,
  transition: Transition | null,
  { members, at, force, ...named }: CloseChannelRotation,
  terms: Pick<ChannelTerms, 'bothForMs' | 'propagationDelayMs'>,
): RingChange<Transition> & { readonly gate: ChannelCloseGate } {
  const open = namedTransition(ring, transition, named);
  const gate = channelCloseGate(members, open, terms, at, force);
  if (!gate.allowed && gate.refusal !== null) throw gate.refusal;
  return { ...closeRotation(ring, open, named), gate };
}
