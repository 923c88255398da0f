import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Bus } from '@plexsphere/service-kit';
import { KeyRingEntity, NodeEntity } from '@plexsphere/store';
import { MAX_ENVELOPE_BYTES, canonicalText, isReservedEventType, problem, subjects } from '@plexsphere/wire';
import type { Publish, PublishReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { fanOutToNode, fanOutToScope, type NewEvent } from './fan-out';
import { onceFor, type RequestIdentity } from '../transactions/requests';
import { writeAudit } from '../transactions/write-audit';
import { ScopeTransactions } from '../transactions/scope-transactions';

/** Accepts an event for one Node or for every Node of a scope, and keeps its payload as the text that it is. */
@Injectable()
export class PublishEvent {
  constructor(
    private readonly database: DataSource,
    private readonly bus: Bus,
    private readonly transactions: ScopeTransactions,
  ) {}

  async publish(request: Publish, identity: RequestIdentity): Promise<PublishReply> {
    if ((request.scope === undefined) === (request.node_id === undefined)) {
      throw problem('invariantViolation', { field: 'scope' });
    }
    if (isReservedEventType(request.event_type)) throw problem('reservedEventType', { field: 'event_type' });
    const reply = await onceFor(this.database.manager, identity, () =>
      request.node_id === undefined
        ? this.toScope(request, request.scope ?? '', identity)
        : this.toNode(request, request.node_id, identity),
    );
    this.bus.publish(subjects.outboxChanged, {});
    return reply;
  }

  private toScope(request: Publish, scope: string, identity: RequestIdentity): Promise<PublishReply> {
    const event = this.event(request, scope, randomUUID());
    return this.transactions.shared([scope], identity, async (manager) => {
      if (!(await manager.existsBy(KeyRingEntity, { scope }))) throw problem('unknownScope', { field: 'scope' });
      return this.audited(manager, identity, event, await fanOutToScope(manager, event));
    });
  }

  private async toNode(request: Publish, nodeId: string, identity: RequestIdentity): Promise<PublishReply> {
    const node = await this.database.manager.findOneBy(NodeEntity, { id: nodeId, state: 'enrolled' });
    if (node === null) throw problem('unknownNode', { field: 'node_id' });
    // The SDK refuses an event for one Node that reaches another: the id says whose it is.
    const event = this.event(request, node.scope, `${nodeId}/${randomUUID()}`);
    return this.transactions.shared([node.scope], identity, async (manager) => {
      await fanOutToNode(manager, event, nodeId);
      return this.audited(manager, identity, event, 1);
    });
  }

  /** The audit log knows what was sent by its hash: the payload is not the signing plane's to keep. */
  private async audited(
    manager: EntityManager,
    identity: RequestIdentity,
    { eventId, eventType, scope, payload }: NewEvent,
    nodes: number,
  ): Promise<PublishReply> {
    const payload_sha256 = payload === null ? null : createHash('sha256').update(payload).digest('hex');
    const detail = { event_id: eventId, event_type: eventType, nodes, payload_sha256 };
    await writeAudit(manager, identity, { scope, detail });
    return { event_id: eventId, nodes };
  }

  private event(request: Publish, scope: string, eventId: string): NewEvent {
    const payload = request.payload ?? null;
    refuseOversized(request.event_type, eventId, payload);
    return { eventId, scope, eventType: request.event_type, payload, epoch: null };
  }
}

/** What cannot be delivered must not be accepted: the envelope, hints and signature included, has to fit a Node's line. */
function refuseOversized(eventType: string, eventId: string, payload: string | null): void {
  const canonical = canonicalText({
    eventType,
    eventId,
    issuedAt: '2000-01-01T00:00:00.000Z',
    nonce: randomUUID(),
    payload,
  });
  if (Buffer.byteLength(canonical) > MAX_ENVELOPE_BYTES) throw problem('envelopeTooLarge', { field: 'payload' });
}
