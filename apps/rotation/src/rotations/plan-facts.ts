import { progressOf, type ChangeType, type Progress } from '@plexsphere/keyring';
import { LeaseEntity } from '@plexsphere/store';
import { PROBLEMS, suffices, type Role, type Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import { hearing } from '../channels/tell-members';
import { hasLaterStatement } from '../leases/later-statements';
import { countNodes } from '../nodes/counting/count-nodes';
import type { Scopes } from '../rings/list-rings';
import { readRing, type StoredRing } from '../rings/read-ring';
import { NAMES_SHOWN } from '../status/nodes-status';
import { isLive, serves, signerStatus } from '../status/signer-status';

/** What every plan is made of. */
export interface PlanFacts {
  stored: StoredRing | undefined;
  /** By the proof of a later epoch. */
  isStopped: boolean;
  progress: Progress;
  /** The Domains' Nodes, where the ring is told to them. */
  others: Progress | null;
  /** Who would have to try a key. */
  signers: string[];
  /** Whether some signer works by the ring as it is. */
  isSigned: boolean;
}

export async function findForPlan(
  manager: EntityManager,
  scope: Scope,
  /** `seen`: whose Nodes may be named; without it they are counted alone. */
  terms: { now: Date; leaseMs: number; seen?: Scopes },
): Promise<PlanFacts> {
  const { now, seen } = terms;
  const stored = await readRing(manager, scope);
  const nodes = await countNodes(manager, {
    rings: stored === undefined ? [] : [stored.ring],
    domains: stored?.policy.tells.otherNodes ? { trustEpoch: stored.ring.trustEpoch, seen: seen ?? null } : null,
    ...{ now, names: seen === undefined ? 0 : NAMES_SHOWN },
  });
  const leases = await manager.find(LeaseEntity, { where: { kind: 'signer' }, order: { holder: 'ASC' } });
  const worksByIt = (lease: LeaseEntity): boolean =>
    stored !== undefined && signerStatus(lease, stored.ring, terms).state === 'confirmed';
  return {
    stored,
    isStopped: await hasLaterStatement(manager, scope),
    progress: nodes.progressIn(scope),
    others: nodes.domains,
    signers: leases.filter((lease) => isLive(lease, terms) && serves(lease)).map((lease) => lease.holder),
    isSigned: leases.some(worksByIt),
  };
}

/** The stable details of what the command would refuse before it asks signers or Nodes, in its own order. */
export const blockedBy = (
  { stored, isStopped }: PlanFacts,
  { role, needed = 'operator' }: { role: Role; needed?: Role },
  refusals: (stored: StoredRing) => readonly string[],
): string[] => [
  ...(suffices(role, needed) ? [] : [PROBLEMS.permissionDenied.detail]),
  ...(stored === undefined ? [PROBLEMS.unknownScope.detail] : refusals(stored)),
  ...(stored !== undefined && isStopped ? [PROBLEMS.epochWentBack.detail] : []),
];

/** How many Nodes would be told, and how many of them would not hear of it at once. */
export const told = ({ enrolled, pending, offline }: Progress) => ({
  nodes: enrolled,
  pending_count: pending.count,
  offline_count: offline.count,
});

/** Of a channel's ring those members who hear something new by the change; of any other the scope's Nodes. */
export function toldBy(
  change: ChangeType,
  { policy, ring, members }: StoredRing,
  nodes: Progress,
  now: Date,
): Progress {
  if (policy.gate !== 'members') return nodes;
  const facts = hearing(change, members).map((member) => ({
    ...member,
    toldEpoch: 0,
    appliedEpoch: member.heldEpoch ?? 0,
  }));
  return progressOf(facts, ring.trustEpoch, now);
}
