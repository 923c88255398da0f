import type { ToldNode } from './announcement';
import type { RefusalCode } from './refusal';
import type { Transition } from './transition';

/** What is known of one enrolled Node. Times by the database's clock. */
export interface NodeFacts extends ToldNode {
  readonly name: string;
  readonly appliedEpoch: number;
  /** Its first hello or state; null until then. */
  readonly firstSeenAt: Date | null;
  readonly lastSeenAt: Date | null;
}

/** `enrolled` = applied + lagging + pending. Offline Nodes are counted there too: to be off is no way out of the sum. */
export interface Progress {
  readonly enrolled: number;
  /** Whose stream holds the announcement. */
  readonly sent: number;
  readonly applied: number;
  /** Hold a key, and have not applied the trust epoch. */
  readonly lagging: readonly string[];
  /** Have never said hello or taken a state, so they hold no key that could be too old. */
  readonly pending: readonly string[];
  readonly offline: readonly { readonly name: string; readonly since: Date }[];
}

/** Three of the acknowledgements that a Node repeats every 60 s: one may be lost, and one be late. */
export const OFFLINE_AFTER_MS = 180_000;

export function progressOf(nodes: readonly NodeFacts[], trustEpoch: number, now: Date): Progress {
  const seen = nodes.filter((node) => node.firstSeenAt !== null);
  const lagging = seen.filter((node) => node.appliedEpoch < trustEpoch);
  return {
    enrolled: nodes.length,
    sent: nodes.filter((node) => node.toldEpoch >= trustEpoch).length,
    applied: seen.length - lagging.length,
    lagging: lagging.map((node) => node.name),
    pending: nodes.filter((node) => node.firstSeenAt === null).map((node) => node.name),
    offline: seen.flatMap((node) => silence(node, now)),
  };
}

function silence(node: NodeFacts, now: Date): { name: string; since: Date }[] {
  const since = node.lastSeenAt ?? node.firstSeenAt;
  const isOffline = since !== null && now.getTime() - since.getTime() >= OFFLINE_AFTER_MS;
  return isOffline ? [{ name: node.name, since }] : [];
}

export interface CloseAllowed {
  readonly allowed: true;
  /** Whether it is `force` alone that allows it: what the audit log has to record. */
  readonly forced: boolean;
  /** Nodes that will have to catch up. */
  readonly lagging: readonly string[];
  /** How long before closes_at; 0 from then on. */
  readonly earlyByMs: number;
}

export interface CloseBlocked {
  readonly allowed: false;
  readonly blockedBy: Extract<RefusalCode, 'nodes_lagging'>;
  readonly lagging: readonly string[];
  readonly earlyByMs: number;
}

/**
 * Whether the old key may be retired now. Until closes_at a lagging Node blocks, for the window was promised to it; from
 * then on it is only named, or one Node that is gone would keep the old key alive for ever.
 */
export function closeGate(
  progress: Pick<Progress, 'lagging'>,
  transition: Pick<Transition, 'closesAt'>,
  now: Date,
  force: boolean,
): CloseAllowed | CloseBlocked {
  const { lagging } = progress;
  const earlyByMs = Math.max(0, transition.closesAt.getTime() - now.getTime());
  const isOver = now.getTime() >= transition.closesAt.getTime();
  const isBlocking = lagging.length > 0 && !isOver;
  if (isBlocking && !force) return { allowed: false, blockedBy: 'nodes_lagging', lagging, earlyByMs };
  return { allowed: true, forced: isBlocking, lagging, earlyByMs };
}
