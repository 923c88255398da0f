import type { RingPolicy } from '../ring-policy';
import type { Policy } from '../policy';

/**
 * A process that holds a channel's secrets, as one of the channel's two rings sees it, with what it last reported of that
 * ring. Times are those at which reports were received.
 */
export interface Member {
  readonly nodeId: string;
  readonly name: string;
  /** At this ring: its side sends and so it signs, or receives and verifies. */
  readonly role: MemberRole;
  /** Writes the secrets for somebody who cannot embed us, and who reads them anew within the propagation delay. */
  readonly isSink: boolean;
  /** The epoch of the ring that it holds, a sink: that it has written, and read back; null before its first report. */
  readonly heldEpoch: number | null;
  /** Since when it holds the ring as the last change of trust has left it; null while it does not. */
  readonly acknowledgedAt: Date | null;
  /** The keys that its last report proved, and since when each has been proven without a break. */
  readonly proven: ReadonlyMap<string, Date>;
  /** When the period began that its last report covers; null before the first. */
  readonly reportedFrom: Date | null;
  /** The last time that it verified by the outgoing key and by no other: when it did, by its own clock, and as reported. */
  readonly verifiedAloneByOld: AloneUse | null;
}

export interface AloneUse {
  readonly at: Date;
  /** The period of the report that told of it. */
  readonly periodFrom: Date;
  readonly reportedAt: Date;
}

export type MemberRole = 'sender' | 'receiver';

/** For how long a sender signs by both keys, the one before beside the new one, from when it holds the change on. */
export const BOTH_FOR_MS = 300_000;

/** What a channel goes by. */
export interface ChannelTerms
  extends Pick<RingPolicy, 'overlapWindowMs' | 'propagationDelayMs'>, Pick<Policy, 'clockSkewMs' | 'relayLagMs'> {
  /** BOTH_FOR_MS, but in laboratories and tests. */
  readonly bothForMs: number;
}

export const senders = (members: readonly Member[]): Member[] => members.filter(({ role }) => role === 'sender');

export const receivers = (members: readonly Member[]): Member[] => members.filter(({ role }) => role === 'receiver');

export const namesOf = (members: readonly Member[]): string[] => members.map(({ name }) => name);
