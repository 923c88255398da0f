import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  closeGate,
  closeRotation,
  progressOf,
  type CloseAllowed,
  type Progress,
  type RingChange,
} from '@plexsphere/keyring';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { TransitionEntity } from '@plexsphere/store';
import { PLATFORM, problem } from '@plexsphere/wire';
import type { Close, CloseReply, NodesStatus } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { orProblem } from '../rings/refusal-problem';
import { hasLaterStatement } from '../leases/later-statements';
import { NAMES_SHOWN, nodesStatus } from '../status/nodes-status';
import { databaseNow } from '../transactions/database-clock';
import { fanOutToScope } from '../events/fan-out';
import { readDomainNodeFacts, readNodeFacts } from '../nodes/node-facts';
import { asTransition, readRing, type StoredRing } from '../rings/read-ring';
import { onceFor, type RequestIdentity } from '../transactions/requests';
import { writeAudit } from '../transactions/write-audit';
import { insertRingChange, writeRing } from '../rings/write-ring';
import { ScopeTransactions } from '../transactions/scope-transactions';
import { AfterCommit } from './after-commit';

type Committed = Omit<CloseReply, 'confirmed' | 'lapsed'>;

/** CloseRotation: one transaction behind the gate of facts, then the switch, then the old key's destruction. */
@Injectable()
export class CloseRotation {
  constructor(
    private readonly database: DataSource,
    private readonly afterCommit: AfterCommit,
    private readonly transactions: ScopeTransactions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async close(request: Close, identity: RequestIdentity): Promise<CloseReply> {
    const committed = await onceFor(this.database.manager, identity, () =>
      this.transactions.exclusive(request.scope, identity, (manager) => this.commit(manager, request, identity)),
    );
    const switched = await this.afterCommit.finishCloseSwitch(committed);
    try {
      await this.afterCommit.destroyOldKey({ ...committed, oldKeyId: committed.old_key_id });
    } catch (err) {
      // The key is retired all the same, and the Resume loop destroys it.
      this.logger.warn({ err, scope: request.scope, kid: request.old_key_id }, 'old key not destroyed yet');
    }
    return { ...committed, ...switched };
  }

  private async commit(manager: EntityManager, request: Close, identity: RequestIdentity): Promise<Committed> {
    const { scope } = request;
    const before = await readRing(manager, scope);
    if (before === undefined) throw problem('unknownScope', { field: 'scope' });
    const closed = orProblem(() =>
      closeRotation(before.ring, asTransition(before.transition), {
        oldKeyId: request.old_key_id,
        newKeyId: request.new_key_id,
      }),
    );
    if (await hasLaterStatement(manager, scope)) throw problem('epochWentBack');
    const closedAt = await databaseNow(manager);
    const progress = progressOf(await readNodeFacts(manager, scope), before.ring.trustEpoch, closedAt);
    const domainNodes = scope === PLATFORM ? await domainNodesOf(manager, before.ring.trustEpoch, closedAt) : null;
    const gate = this.gate(progress, before, closedAt, request.force === true);

    await writeClose(manager, before, closed, { closedAt, identity });
    const reply: Committed = {
      scope,
      old_key_id: request.old_key_id,
      new_key_id: request.new_key_id,
      closes_at: closed.transition.closesAt.toISOString(),
      closed_at: closedAt.toISOString(),
      epoch: closed.ring.epoch,
      early_by_seconds: Math.floor(gate.earlyByMs / 1_000),
      lagging: gate.lagging.slice(0, NAMES_SHOWN),
      pending: progress.pending.slice(0, NAMES_SHOWN),
      ...(domainNodes === null ? {} : { domain_nodes: domainNodes }),
    };
    await writeAudit(manager, identity, {
      scope,
      before: before.ring,
      after: closed.ring,
      detail: {
        forced: gate.forced,
        lagging: gate.lagging,
        early_by_ms: gate.earlyByMs,
        ...(domainNodes === null ? {} : { domain_nodes_lagging: domainNodes.lagging_count }),
      },
    });
    this.logger.info(
      { scope, kid: request.old_key_id, epoch: closed.ring.epoch, forced: gate.forced, domain_nodes: domainNodes },
      'rotation closed',
    );
    return reply;
  }

  private gate(progress: Progress, before: StoredRing, now: Date, force: boolean): CloseAllowed {
    const closesAt = before.transition?.closesAt ?? now;
    const gate = closeGate(progress, { closesAt }, now, force);
    if (gate.allowed) return gate;
    throw problem('nodesLagging', {
      enrolled: progress.enrolled,
      sent: progress.sent,
      applied: progress.applied,
      lagging_count: progress.lagging.length,
      lagging: progress.lagging.slice(0, NAMES_SHOWN),
      pending_count: progress.pending.length,
      closes_at: closesAt.toISOString(),
    });
  }
}

/** The ring and its change, how the transition ended, and what has relays tell the Nodes. */
async function writeClose(
  manager: EntityManager,
  before: StoredRing,
  { ring, transition }: RingChange,
  { closedAt, identity }: { closedAt: Date; identity: RequestIdentity },
): Promise<void> {
  const { scope, epoch } = ring;
  const eventId = randomUUID();
  await writeRing(manager, before.ring, ring, null);
  const activeKeyId = transition.newKeyId;
  await insertRingChange(manager, ring, { change: 'close', activeKeyId, eventId, statement: null });
  await manager.update(
    TransitionEntity,
    { id: before.transition?.id ?? '' },
    {
      outcome: 'closed',
      endedAt: closedAt,
      endedEpoch: epoch,
      endedBy: identity.actor,
      endRequestId: identity.requestId,
    },
  );
  await fanOutToScope(manager, { eventId, scope, eventType: 'chain', payload: null, epoch });
}

/** The Domains' Nodes by the platform's epochs: they do not block, a chain brings back those that lag. Without names. */
const domainNodesOf = async (manager: EntityManager, trustEpoch: number, now: Date): Promise<NodesStatus> =>
  nodesStatus(progressOf(await readDomainNodeFacts(manager), trustEpoch, now), now, 0);
