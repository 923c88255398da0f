import type { BusUser } from './inbox';
import { TRAFFIC } from './traffic';

/** What one credential may hold of the bus at a time; the server refuses or cuts what goes beyond. -1 is no limit. */
export interface BusLimits {
  subscriptions: number;
  /** Of one message, headers included; a longer one ends the connection. */
  payloadBytes: number;
}

const NONE = -1;
const SUBSCRIPTIONS: Partial<Record<BusUser['kind'], number>> = { node: 8, operator: 32 };

/**
 * Nodes and operators are many, and theirs are the credentials that get lost: they get what our own clients need, and
 * some room. A message may be as long as the longest that they have to say; what is too long for its own subject is
 * refused by who hears it. Services have a subscription or more for each scope, and chains of 1 MB.
 * How many connections: unlimited, because the account's limit would let one Node lock the services out. They are
 * counted instead, and shown.
 */
export function busLimits({ kind }: BusUser): BusLimits {
  const subscriptions = SUBSCRIPTIONS[kind];
  if (subscriptions === undefined) return { subscriptions: NONE, payloadBytes: NONE };
  return { subscriptions, payloadBytes: longestSaidBy(kind) };
}

const longestSaidBy = (kind: BusUser['kind']): number =>
  Math.max(...TRAFFIC.filter(({ speakers }) => speakers.includes(kind)).map(({ limitBytes }) => limitBytes));
