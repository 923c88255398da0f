/**
 * Of one channel, both sides together: what `channel.show` says of so many is one message of the bus, whatever each of them
 * reports.
 */
export const MOST_MEMBERS = 128;

/** How much a member may say in one report: who writes one keeps to it, or the whole of it is refused. */
export const REPORT_LIMITS = {
  /** The two of its channel. */
  rings: 2,
  /** As many as a ring holds, and some to spare. */
  keys: 8,
  /** Reasons of refusals that are told apart. */
  reasons: 24,
  /** Key ids that a sink found and kept. */
  takenOver: 8,
  periodSeconds: 366 * 86_400,
} as const;

const REASON = /^[a-z][a-z_]{0,47}$/;

/** Why an application refused a message, in a word of its own. */
export const isReason = (text: unknown): text is string => typeof text === 'string' && REASON.test(text);
