import {
  channelCloseGate,
  isActivationLate,
  isOpen,
  mayActivate,
  maySettle,
  namesOf,
  phaseOf,
  receivers,
  sendersSwitched,
  signsFrom,
  type ChannelTerms,
  type KeyRing,
  type Member,
  type Transition,
} from '@plexsphere/keyring';
import type { ChannelStatus } from '@plexsphere/wire/commands';

export interface ChannelFacts {
  ring: Pick<KeyRing, 'keys'>;
  /** The latest; null before the first. */
  transition: Transition | null;
  members: readonly Member[];
}

/** What the service is set to, beside what a ring goes by. */
export type ChannelSettings = Pick<ChannelTerms, 'clockSkewMs' | 'relayLagMs' | 'bothForMs'> & {
  activateWithinMs: number;
};

type Terms = ChannelTerms & ChannelSettings;

/** Whom the ring's next step waits for: to prove the new key, to sign by it alone, or by the old one again. */
export function waitedFor({ ring, transition, members }: ChannelFacts, terms: Terms, now: Date): readonly Member[] {
  if (!isOpen(transition)) return maySettle(ring, transition, members, terms, now)?.waitingFor ?? [];
  const { newKeyId: keyId, activatedAt } = transition;
  if (activatedAt === null) return mayActivate(members, { ...terms, keyId }, now).waitingFor;
  const { lagging } = channelCloseGate(members, transition, terms, now, false);
  return members.filter(({ name }) => lagging.includes(name));
}

/** From when on no sender signs by the old key; null while that is not known, or nothing is open. */
export function oldKeyUnusedFrom({ transition, members }: ChannelFacts, terms: Terms): Date | null {
  if (!isOpen(transition) || transition.activatedAt === null) return null;
  return sendersSwitched(members, terms, transition.activatedAt).from;
}

export function channelStatus(facts: ChannelFacts, terms: Terms, now: Date, namesShown: number): ChannelStatus {
  const { transition, members } = facts;
  const receiving = receivers(members).length;
  return {
    phase: transition && phaseOf(transition),
    activated_at: transition?.activatedAt?.toISOString() ?? null,
    ...{ senders: members.length - receiving, receivers: receiving },
    waiting_for: namesOf(waitedFor(facts, terms, now)).slice(0, namesShown),
    signs_from: signsFrom(members, transition, terms, now)?.toISOString() ?? null,
    overdue: isActivationLate(members, transition, terms, now),
  };
}
