import type { ScopePolicy } from './scope-policy';
import type { Transition } from './transition';

/** What is known of one enrolled Node. Times by the database's clock. */
export interface NodeFacts {
  /** The last epoch whose announcement stands on its stream. */
  readonly toldEpoch: number;
  readonly name: string;
  readonly appliedEpoch: number;
  /** Its first hello or state; null until then. */
  readonly firstSeenAt: Date | null;
  readonly lastSeenAt: Date | null;
}

/** How many there are, and the first of them by name: as many as somebody wants to read. */
export interface Counted<Item = string> {
  readonly count: number;
  readonly first: readonly Item[];
}

/**
 * `enrolled` = applied + lagging + pending, and `sent` ≥ `applied`. Offline Nodes are counted there too: to be off is no
 * way out of the sum.
 */
export interface Progress {
  readonly enrolled: number;
  /** Whose stream holds the announcement, or who has applied it: a word may overtake the record of what it answers. */
  readonly sent: number;
  readonly applied: number;
  /** Hold a key, and have not applied the trust epoch. */
  readonly lagging: Counted;
  /** Have never said hello or taken a state, so they hold no key that could be too old. */
  readonly pending: Counted;
  readonly offline: Counted<Silence>;
  /** Of those that are not offline the one that has been silent for longest: a stopped Node is not known as such yet. */
  readonly quietest: Silence | null;
}

/** A Node, and when it was last heard. */
export interface Silence {
  readonly name: string;
  readonly since: Date;
}

/** Three of the acknowledgements that a Node repeats every 60 s: one may be lost, and one be late. */
export const OFFLINE_AFTER_MS = 180_000;

export const isOffline = (since: Date, now: Date): boolean => now.getTime() - since.getTime() >= OFFLINE_AFTER_MS;

/** The rule. What is counted of a whole mesh is counted by the database, which says the same (apps/rotation/src/nodes/counting). */
export function progressOf(nodes: readonly NodeFacts[], trustEpoch: number, now: Date): Progress {
  const seen = nodes.filter((node) => node.firstSeenAt !== null);
  const lagging = seen.filter((node) => node.appliedEpoch < trustEpoch);
  const silences = seen.flatMap((node) => silence(node));
  return {
    enrolled: nodes.length,
    sent: nodes.filter((node) => node.toldEpoch >= trustEpoch || hasApplied(node, trustEpoch)).length,
    applied: seen.length - lagging.length,
    lagging: counted(lagging.map((node) => node.name)),
    pending: counted(nodes.filter((node) => node.firstSeenAt === null).map((node) => node.name)),
    offline: counted(silences.filter(({ since }) => isOffline(since, now))),
    quietest: silences.filter(({ since }) => !isOffline(since, now)).reduce(earlier, null),
  };
}

export const counted = <Item>(all: readonly Item[]): Counted<Item> => ({ count: all.length, first: all });

/** What enrolment wrote down for a Node that was never seen is no word of its own. */
const hasApplied = (node: NodeFacts, trustEpoch: number): boolean =>
  node.firstSeenAt !== null && node.appliedEpoch >= trustEpoch;

function silence({ name, firstSeenAt, lastSeenAt }: NodeFacts): Silence[] {
  const since = lastSeenAt ?? firstSeenAt;
  return since === null ? [] : [{ name, since }];
}

const earlier = (one: Silence | null, other: Silence): Silence =>
  one === null || other.since < one.since ? other : one;

export interface CloseGate {
  readonly allowed: boolean;
  /** Whether it is `force` alone that allows it: what the audit log has to record. */
  readonly forced: boolean;
  /** Nodes that will have to catch up: those that are named. */
  readonly lagging: readonly string[];
  /** How long before closes_at; 0 from then on. */
  readonly earlyByMs: number;
}

/** Who may still need the old key. */
export interface Outstanding extends Pick<Progress, 'lagging'> {
  /** When the last token by it is over (`tokensOverAt`); null: nobody knows so far. */
  readonly tokensOver?: Date | null | undefined;
}

/**
 * What keeps an old key, by the kind of gate. Until closes_at a lagging Node does, for the window was promised to it; from
 * then on it is only named, or one Node that is gone would keep the old key alive for ever. A token has an end of its own.
 */
const KEEPS: Readonly<Record<ScopePolicy['gate'], (by: Outstanding, now: Date, isOver: boolean) => boolean>> = {
  nodes: ({ lagging }, _, isOver) => lagging.count > 0 && !isOver,
  tokens: ({ tokensOver }, now) => tokensOver === null || (tokensOver !== undefined && !(now >= tokensOver)),
  // Members do, and what is known of them `channelCloseGate` asks.
  members: () => true,
  none: () => false,
};

/** Whether the old key may be retired now. */
export function closeGate(
  outstanding: Outstanding,
  transition: Pick<Transition, 'closesAt'>,
  now: Date,
  force: boolean,
  policy: Pick<ScopePolicy, 'gate'>,
): CloseGate {
  const { lagging } = outstanding;
  const earlyByMs = Math.max(0, transition.closesAt.getTime() - now.getTime());
  const isOver = now.getTime() >= transition.closesAt.getTime();
  const isBlocking = KEEPS[policy.gate](outstanding, now, isOver);
  return { allowed: !isBlocking || force, forced: isBlocking && force, lagging: lagging.first, earlyByMs };
}
