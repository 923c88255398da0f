import { type ChannelTerms, type Member, senders } from './member';

/** Whether nobody signs any more by the key that signed before the last change of trust. */
export interface SendersSwitched {
  /** Senders that do not hold the change, and sinks among them that have not written it: they may sign by the old key alone. */
  readonly lagging: readonly Member[];
  /** From when on all of them sign by the present key alone; null while one lags. */
  readonly from: Date | null;
}

/**
 * `since`: when the change was. Each sender signs by both keys for a while after it holds the change; what a sink has written
 * is read within the propagation delay.
 */
export function sendersSwitched(
  members: readonly Member[],
  { bothForMs, propagationDelayMs }: Pick<ChannelTerms, 'bothForMs' | 'propagationDelayMs'>,
  since: Date,
): SendersSwitched {
  const all = senders(members).map((member) => ({ member, switchedAt: switchedAt(member, propagationDelayMs) }));
  const lagging = all.filter(({ switchedAt: at }) => at === null).map(({ member }) => member);
  if (lagging.length > 0) return { lagging, from: null };
  const times = all.flatMap(({ switchedAt: at }) => at?.getTime() ?? []);
  return { lagging, from: new Date(Math.max(since.getTime(), ...times) + bothForMs) };
}

/** From when on it signs by the present key; null where that is not known. */
function switchedAt({ acknowledgedAt, isSink }: Member, propagationDelayMs: number): Date | null {
  return acknowledgedAt && isSink ? new Date(acknowledgedAt.getTime() + propagationDelayMs) : acknowledgedAt;
}

/** Since when a member holds the ring as a change of trust has left it. */
export interface Acknowledgement {
  readonly trustEpoch: number;
  readonly at: Date;
}

/** What a report of `heldEpoch` makes of it: what a member says now is what counts, and it stays acknowledged since then. */
export function acknowledgedBy(
  before: Acknowledgement | null,
  heldEpoch: number,
  trustEpoch: number,
  now: Date,
): Acknowledgement | null {
  if (heldEpoch < trustEpoch) return null;
  return before?.trustEpoch === trustEpoch ? before : { trustEpoch, at: now };
}
