import type { Regard, List } from './names';
import type { Standing } from './standings';

/** How many of a scope's Nodes stand in each list, in one regard. */
export interface RegardCounts extends Record<List, number> {
  enrolled: number;
  sent: number;
  applied: number;
  /** Of those who count as there the earliest last word. */
  heard: Date | null;
}

/** The domain's `progressOf` (libs/keyring) over Nodes that stand alike. count-nodes.spec.ts compares it with that rule. */
export function countsOf(standings: readonly Standing[], regard: Regard, trustEpoch: number): RegardCounts {
  const counts: RegardCounts = {
    ...{ enrolled: 0, sent: 0, applied: 0, lagging: 0, pending: 0, offline: 0, waiting: 0 },
    heard: null,
  };
  for (const standing of standings) {
    if (regard === 'anchor' && !standing.readsStatements) continue;
    const { nodes, seen, offline, waiting } = standing;
    const told = regard === 'own' ? standing.toldEpoch : standing.toldPlatformEpoch;
    const hasApplied = (regard === 'own' ? standing.appliedEpoch : standing.appliedPlatformEpoch) >= trustEpoch;
    counts.enrolled += nodes;
    // What enrolment wrote down for a Node that was never seen is no word of its own.
    counts.sent += told >= trustEpoch ? nodes : hasApplied ? seen : 0;
    counts[hasApplied ? 'applied' : 'lagging'] += seen;
    counts.pending += nodes - seen;
    counts.offline += offline;
    counts.waiting += waiting;
    counts.heard = earlier(counts.heard, standing.heard);
  }
  return counts;
}

/** By the millisecond, as the domain sees times. */
export function earlier(one: Date | null, other: string | null): Date | null {
  if (other === null) return one;
  const at = new Date(other);
  return one === null || at < one ? at : one;
}
