import { Inject, Injectable } from '@nestjs/common';
import {
  closeChannelRotation,
  closeGate,
  closeRotation,
  tokensOverAt,
  type CloseGate,
  type KeyRing,
  type NamedTransition,
  type Outstanding,
  type Progress,
  type RingChange,
  type ScopePolicy,
  type Transition,
} from '@plexsphere/keyring';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { RequestEntity } from '@plexsphere/store';
import { problem, type Problem, type Scope } from '@plexsphere/wire';
import type { CloseReply, NodesStatus, Switched } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { hasLaterStatement } from '../leases/later-statements';
import { countNodes } from '../nodes/counting/count-nodes';
import { applyRingChange } from '../rings/apply-ring-change';
import { ChangeDecisions, isProvenFirst } from '../rings/change-decisions';
import { existing, readRing, snapshotRing, type StoredRing } from '../rings/read-ring';
import { orProblem } from '../rings/refusal-problem';
import { RotationConfig } from '../rotation-config';
import { NAMES_SHOWN, nodesStatus } from '../status/nodes-status';
import { CommandTransactions } from '../transactions/command-transactions';
import { databaseNow } from '../transactions/database-clock';
import { ROTATION, type RequestIdentity } from '../transactions/requests';
import { changing } from '../transactions/scope-lock';
import { AfterCommit } from './after-commit';

export interface Closing {
  scope: Scope;
  oldKeyId: string;
  /** Without it as the open rotation has it. */
  newKeyId: string | undefined;
  /** Leaves Nodes behind that have not applied the change. */
  force: boolean;
  /** Asked under the ring's lock; throws where it is not to be closed any more. */
  requireDue?: (manager: EntityManager) => Promise<void>;
}

type Committed = Omit<CloseReply, keyof Switched>;

/** One transaction behind the gate of facts, then the switch, then the old key's destruction. */
@Injectable()
export class CloseRotation {
  constructor(
    private readonly database: DataSource,
    private readonly afterCommit: AfterCommit,
    private readonly transactions: CommandTransactions,
    private readonly decisions: ChangeDecisions,
    private readonly config: RotationConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async close(closing: Closing, identity: RequestIdentity): Promise<CloseReply> {
    const { scope } = closing;
    await this.knowTokens(scope);
    const committed = await this.transactions.once(identity, changing(scope), (manager) =>
      this.commit(manager, closing, identity),
    );
    return { ...committed, ...(await this.afterCommit.finish(committed)) };
  }

  /** When the tokens by the old key end is known once the switch is recorded: not known is never none. */
  private async knowTokens(scope: Scope): Promise<void> {
    const { policy, isSwitched } = await existing(snapshotRing(this.database, scope));
    if (policy.gate === 'tokens' && !isSwitched) await this.afterCommit.finishPending(scope);
  }

  private async commit(manager: EntityManager, closing: Closing, identity: RequestIdentity): Promise<Committed> {
    const { scope, force } = closing;
    const before = await existing(readRing(manager, scope));
    const { ring, transition, policy } = before;
    const meanwhile = await closedByItself(manager, before, closing);
    if (meanwhile !== undefined) return meanwhile;
    await closing.requireDue?.(manager);
    const named = { oldKeyId: closing.oldKeyId, newKeyId: closing.newKeyId ?? transition?.newKeyId ?? '' };
    const at = await databaseNow(manager);
    const ofMembers = isProvenFirst(before) ? this.judgedByMembers(before, named, force, at) : null;
    const after = ofMembers ?? orProblem(() => closeRotation(ring, transition, named));
    if (await hasLaterStatement(manager, scope)) throw problem('epochWentBack');
    // The Domains' Nodes do not block, a chain brings back those that lag: they are counted, and none is named.
    const domains = policy.tells.otherNodes === null ? null : { trustEpoch: ring.trustEpoch, seen: [] };
    const nodes = await countNodes(manager, { rings: [ring], domains, now: at, names: NAMES_SHOWN });
    const progress = nodes.progressIn(scope);
    const domainNodes = nodes.domains && nodesStatus(nodes.domains, at);
    const tokensOver = tokensOf(ring, closing, this.config);
    const outstanding = { ...progress, tokensOver };
    const gate = ofMembers?.gate ?? closeGate(outstanding, after.transition, at, force, policy);
    if (!gate.allowed) throw REFUSALS[policy.gate](outstanding, after, at);

    await applyRingChange(manager, {
      before,
      after,
      at,
      identity,
      reason: null,
      made: { key: null, statement: null },
      detail: auditDetail(gate, outstanding, domainNodes),
    });
    this.logger.info(
      { scope, kid: closing.oldKeyId, epoch: after.ring.epoch, forced: gate.forced, domain_nodes: domainNodes },
      'rotation closed',
    );
    return asReply(after, at, gate, outstanding, domainNodes);
  }

  /** By what members reported. @throws Problem notActiveYet, nodesLagging, oldKeyInUse */
  private judgedByMembers(stored: StoredRing, named: NamedTransition, force: boolean, at: Date) {
    const { ring, transition, members } = stored;
    const closing = { ...named, members, at, force };
    return orProblem(() => closeChannelRotation(ring, transition, closing, this.decisions.terms(stored)));
  }
}

/**
 * Whoever closes what the rotator has closed meanwhile, by the same triple, is answered as that close was, for as long as
 * answers are kept: it is done, and not to be told from their own.
 */
async function closedByItself(
  manager: EntityManager,
  { transition }: StoredRing,
  { oldKeyId, newKeyId }: Closing,
): Promise<Committed | undefined> {
  if (transition?.outcome !== 'closed' || transition.endedBy !== ROTATION) return undefined;
  if (transition.oldKeyId !== oldKeyId || transition.newKeyId !== (newKeyId ?? transition.newKeyId)) return undefined;
  const answered = await manager.findOneBy(RequestEntity, { requestId: transition.endRequestId ?? '' });
  return answered?.reply as Committed | undefined;
}

type Left = Progress & Outstanding;

const tokensOf = ({ keys }: KeyRing, { oldKeyId }: Closing, config: RotationConfig): Date | null | undefined => {
  const old = keys.find(({ keyId }) => keyId === oldKeyId);
  return old && tokensOverAt(old, config);
};

type Refusal = (left: Left, after: RingChange<Transition>, now: Date) => Problem;

/** What whoever closes hears, by what keeps the old key. */
const REFUSALS: Readonly<Record<ScopePolicy['gate'], Refusal>> = {
  nodes: (left, after) => nodesLagging(left, after),
  tokens: ({ tokensOver }, { transition }, now) =>
    problem('signaturesOutstanding', {
      key_id: transition.oldKeyId,
      outstanding_until: tokensOver?.toISOString() ?? null,
      seconds_left: tokensOver ? Math.ceil((tokensOver.getTime() - now.getTime()) / 1_000) : null,
    }),
  // The domain says it with its members.
  members: () => problem('internal'),
  none: () => problem('internal'),
};

const nodesLagging = (progress: Progress, { transition }: RingChange<Transition>): Problem =>
  problem('nodesLagging', {
    enrolled: progress.enrolled,
    sent: progress.sent,
    applied: progress.applied,
    lagging_count: progress.lagging.count,
    lagging: progress.lagging.first,
    pending_count: progress.pending.count,
    closes_at: transition.closesAt.toISOString(),
  });

const auditDetail = (gate: CloseGate, left: Left, domainNodes: NodesStatus | null): object => ({
  forced: gate.forced,
  lagging: gate.lagging,
  ...(left.lagging.count > gate.lagging.length && { lagging_count: left.lagging.count }),
  early_by_ms: gate.earlyByMs,
  ...outstandingUntil(gate, left),
  ...(domainNodes === null ? {} : { domain_nodes_lagging: domainNodes.lagging_count }),
});

/** What force has cut short. */
const outstandingUntil = ({ forced }: CloseGate, { tokensOver }: Left): { outstanding_until?: string } =>
  forced && tokensOver ? { outstanding_until: tokensOver.toISOString() } : {};

const asReply = (
  { ring, transition }: RingChange<Transition>,
  closedAt: Date,
  gate: CloseGate,
  left: Left,
  domainNodes: NodesStatus | null,
): Committed => ({
  scope: ring.scope,
  old_key_id: transition.oldKeyId,
  new_key_id: transition.newKeyId,
  closes_at: transition.closesAt.toISOString(),
  closed_at: closedAt.toISOString(),
  epoch: ring.epoch,
  early_by_seconds: Math.floor(gate.earlyByMs / 1_000),
  lagging: gate.lagging.slice(0, NAMES_SHOWN),
  pending: [...left.pending.first],
  ...outstandingUntil(gate, left),
  ...(domainNodes === null ? {} : { domain_nodes: domainNodes }),
});
