import { type Key, type KeyRing, stagedKey } from '../key-ring';
import { transitionExpires } from '../policy';
import { Refusal } from '../refusal';
import { type RingChange, changed, later, refuseForeign, withActive, withState } from '../ring-change';
import { isOpen, type OpenTransition, type Transition } from '../transition';
import { type ChannelTerms, type Member, namesOf, receivers } from './member';

export interface ActivationGate {
  readonly allowed: boolean;
  /** Who receives and has not proven the key; and sinks that have, not long enough ago. */
  readonly waitingFor: readonly Member[];
  /** From when on it is allowed, where all have proven it; null where that is not known. */
  readonly from: Date | null;
}

/**
 * Whether senders may sign by a key that is staged: all who receive have proven that they hold it, and whoever reads what a
 * sink has written had the time to read it anew. Where nobody receives nobody has proven anything.
 */
export function mayActivate(
  members: readonly Member[],
  { keyId, propagationDelayMs }: Pick<Key, 'keyId'> & Pick<ChannelTerms, 'propagationDelayMs'>,
  now: Date,
): ActivationGate {
  const all = receivers(members).map((member) => ({ member, from: holdsFrom(member, keyId, propagationDelayMs) }));
  const waitingFor = all.filter(({ from }) => from === null || from > now).map(({ member }) => member);
  const known = all.flatMap(({ from }) => from ?? []);
  const from = known.length === all.length && all.length > 0 ? latest(known) : null;
  return { allowed: waitingFor.length === 0 && all.length > 0, waitingFor, from };
}

/** From when on whoever verifies at this end does so by the key; null where that is not proven. */
function holdsFrom({ proven, isSink }: Member, keyId: string, propagationDelayMs: number): Date | null {
  const since = proven.get(keyId);
  if (since === undefined) return null;
  return isSink ? new Date(since.getTime() + propagationDelayMs) : since;
}

const latest = (times: readonly Date[]): Date => new Date(Math.max(...times.map((time) => time.getTime())));

/**
 * Has the staged key sign. The one before verifies until the window is over, which begins now.
 *
 * @throws Refusal in this order: `invariant_violation`, `no_open_rotation`, `key_not_staged` where it signs already,
 * `not_proven_yet`
 */
export function activateKey(
  ring: KeyRing,
  transition: Transition | null,
  members: readonly Member[],
  terms: Pick<ChannelTerms, 'overlapWindowMs' | 'propagationDelayMs' | 'clockSkewMs'>,
  now: Date,
): RingChange<OpenTransition> {
  refuseForeign(ring, transition);
  if (!isOpen(transition)) throw new Refusal('no_open_rotation');
  const { oldKeyId, newKeyId: keyId } = transition;
  if (transition.activatedAt !== null || stagedKey(ring)?.keyId !== keyId)
    throw new Refusal('key_not_staged', { keyId });
  const gate = mayActivate(members, { keyId, propagationDelayMs: terms.propagationDelayMs }, now);
  if (!gate.allowed) throw notProvenYet(keyId, gate);
  const closesAt = later(now, terms.overlapWindowMs, 'overlapWindow');
  const expires = transitionExpires(closesAt, terms);
  return changed(ring, 'activate', {
    keys: withActive(withState(ring.keys, oldKeyId, 'retiring', expires), keyId, undefined),
    transition: { ...transition, activatedAt: now, closesAt, transitionExpires: expires },
  });
}

export const notProvenYet = (keyId: string, { waitingFor, from }: Omit<ActivationGate, 'allowed'>): Refusal =>
  new Refusal('not_proven_yet', { keyId, waitingFor: namesOf(waitingFor), provenFrom: from });

/** From when on a key that is staged may sign, since all who receive have proven it; null before, and where none is staged. */
export function signsFrom(
  members: readonly Member[],
  transition: Transition | null,
  { propagationDelayMs }: Pick<ChannelTerms, 'propagationDelayMs'>,
  now: Date,
): Date | null {
  if (!isOpen(transition) || transition.activatedAt !== null) return null;
  return mayActivate(members, { keyId: transition.newKeyId, propagationDelayMs }, now).from;
}

/**
 * Whether a key waits for longer than it should: then somebody has to look after those who are waited for. Where all have
 * proven it, and who reads what a sink has written has its time yet, there is nobody to look after.
 */
export function isActivationLate(
  members: readonly Member[],
  transition: Transition | null,
  terms: Pick<ChannelTerms, 'propagationDelayMs'> & { readonly activateWithinMs: number },
  now: Date,
): boolean {
  if (!isOpen(transition) || transition.activatedAt !== null) return false;
  const from = signsFrom(members, transition, terms, now);
  if (from !== null && from > now) return false;
  return now.getTime() - transition.openedAt.getTime() >= terms.activateWithinMs;
}
