import type { KeyRing } from '../key-ring';
import { Refusal } from '../refusal';
import { type RingChange, changed, refuseForeign, settlingKeys, withActive, withState } from '../ring-change';
import { namedTransition, type NamedTransition } from '../rotation';
import { phaseOf, type OpenTransition, type Transition } from '../transition';
import { mayActivate, notProvenYet } from './activate-key';
import { type ChannelTerms, type Member, namesOf, receivers } from './member';
import { sendersSwitched } from './senders';

export interface RollbackChannel extends NamedTransition {
  readonly members: readonly Member[];
  readonly at: Date;
}

/**
 * While the new key is staged it goes at once: nothing was signed by it. In the overlap the old one signs again, if all who
 * receive still prove it, and the new one verifies until every sender has switched back (`settleChannel`), at most until
 * closes_at; and for no less than a sender needs that hears of it, however late the rollback comes.
 *
 * @throws Refusal in this order: `invariant_violation`, `rotation_closed`, `no_open_rotation`, `transition_mismatch`,
 * `not_proven_yet`
 */
export function rollbackChannel(
  ring: KeyRing,
  transition: Transition | null,
  { members, at, ...named }: RollbackChannel,
  terms: ChannelTerms,
): RingChange<Transition> {
  refuseForeign(ring, transition);
  // Nobody holds the old key any more.
  if (transition?.outcome === 'closed') throw new Refusal('rotation_closed');
  const open = namedTransition(ring, transition, named);
  const ended = { ...open, outcome: 'rolled_back' } as const;
  if (phaseOf(open) === 'staged') {
    const keys = withState(ring.keys, open.newKeyId, 'retired');
    return changed(ring, 'rollback', { keys, transition: ended, gone: [open.newKeyId] });
  }
  refuseDropped(ring, open, members, at);
  const { bothForMs, relayLagMs, propagationDelayMs, clockSkewMs } = terms;
  const heardMs = at.getTime() + relayLagMs + bothForMs + propagationDelayMs;
  const until = new Date(Math.max(open.closesAt.getTime(), heardMs) + clockSkewMs);
  const keys = withActive(withState(ring.keys, open.newKeyId, 'retiring', until), open.oldKeyId, undefined);
  return changed(ring, 'rollback', { keys, transition: ended });
}

/** Whoever receives has dropped the old key where it did not hear of it again in time, or never had it. */
function refuseDropped(ring: KeyRing, { oldKeyId }: OpenTransition, members: readonly Member[], at: Date): void {
  const until = ring.keys.find(({ keyId }) => keyId === oldKeyId)?.verifiesUntil ?? null;
  const all = receivers(members);
  if (until === null || at >= until) throw notProvenYet(oldKeyId, { waitingFor: all, from: null });
  if (all.length === 0) return;
  // What a sink has written stands there since before the rotation.
  const gate = mayActivate(members, { keyId: oldKeyId, propagationDelayMs: 0 }, at);
  if (!gate.allowed) throw notProvenYet(oldKeyId, gate);
}

export interface Settling {
  readonly allowed: boolean;
  /** Senders that may sign by it still. */
  readonly waitingFor: readonly Member[];
  /** From when on it is allowed; by the facts, or by the time, whichever comes first. */
  readonly from: Date;
}

/** Whether what signs no more may go: nobody signs by it; or its time is over. null where nothing settles. */
export function maySettle(
  ring: Pick<KeyRing, 'keys'>,
  transition: Transition | null,
  members: readonly Member[],
  terms: Pick<ChannelTerms, 'bothForMs' | 'propagationDelayMs'>,
  now: Date,
): Settling | null {
  const [first] = settlingKeys(ring, transition);
  const until = first?.verifiesUntil ?? null;
  if (until === null) return null;
  const { lagging, from } = sendersSwitched(members, terms, new Date(0));
  const earliest = from !== null && from < until ? from : until;
  return { allowed: now >= earliest, waitingFor: lagging, from: earliest };
}

/**
 * Retires what settles.
 *
 * @throws Refusal in this order: `invariant_violation`, `no_open_rotation` where nothing settles, `rollback_settling`
 */
export function settleChannel(
  ring: KeyRing,
  transition: Transition | null,
  members: readonly Member[],
  terms: Pick<ChannelTerms, 'bothForMs' | 'propagationDelayMs'>,
  now: Date,
): RingChange {
  refuseForeign(ring, transition);
  const settling = maySettle(ring, transition, members, terms, now);
  if (settling === null) throw new Refusal('no_open_rotation');
  if (!settling.allowed) throw rollbackSettling(ring, transition, settling);
  const bySwitch = sendersSwitched(members, terms, new Date(0)).from;
  const gone = settlingKeys(ring, transition)
    .filter(
      ({ verifiesUntil }) => (bySwitch !== null && now >= bySwitch) || (verifiesUntil !== null && now >= verifiesUntil),
    )
    .map(({ keyId }) => keyId);
  const keys = gone.reduce((left, keyId) => withState(left, keyId, 'retired'), [...ring.keys]);
  return changed(ring, 'settle', { keys, transition, gone });
}

/**
 * What a rollback has left, or a revoke: no other key comes in while it verifies.
 *
 * @throws Refusal `rollback_settling`, naming who may still sign by it
 */
export function refuseSettlingMembers(
  ring: KeyRing,
  transition: Transition | null,
  members: readonly Member[],
  terms: Pick<ChannelTerms, 'bothForMs' | 'propagationDelayMs'>,
  now: Date,
): void {
  const settling = maySettle(ring, transition, members, terms, now);
  if (settling !== null) throw rollbackSettling(ring, transition, settling);
}

const rollbackSettling = (ring: KeyRing, transition: Transition | null, { waitingFor, from }: Settling): Refusal =>
  new Refusal('rollback_settling', {
    keyId: settlingKeys(ring, transition)[0]?.keyId,
    settlesAt: from,
    waitingFor: namesOf(waitingFor),
  });
