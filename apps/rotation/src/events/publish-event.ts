import { createHash, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Bus } from '@plexsphere/service-kit';
import { KeyRingEntity, NodeEntity } from '@plexsphere/store';
import {
  MAX_ENVELOPE_BYTES,
  canonicalText,
  isReservedEventType,
  problem,
  subjects,
  type Scope,
} from '@plexsphere/wire';
import type { PublishReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { CommandTransactions } from '../transactions/command-transactions';
import { requireSigns } from '../rings/require-signs';
import type { RequestIdentity } from '../transactions/requests';
import { writeAudit } from '../transactions/write-audit';
import { fanOutToNode, fanOutToScope, type NewEvent } from './fan-out';

/** For every Node of a scope, or for one Node. */
export type Audience = { scope: Scope } | { nodeId: string };

interface Publication {
  to: Audience;
  eventType: string;
  payload: string | null;
}

/** Accepts an event for one Node or for every Node of a scope, and keeps its payload as the text that it is. */
@Injectable()
export class PublishEvent {
  constructor(
    private readonly database: DataSource,
    private readonly bus: Bus,
    private readonly transactions: CommandTransactions,
  ) {}

  async publish(publication: Publication, identity: RequestIdentity): Promise<PublishReply> {
    const { to } = publication;
    if (isReservedEventType(publication.eventType)) throw problem('reservedEventType', { field: 'event_type' });
    // What its keys would never sign must not be accepted.
    if ('scope' in to) requireSigns(to.scope, 'envelope');
    const reply = await this.transactions.oncePrepared(identity, {
      prepare: () => this.eventOf(publication),
      lock: ({ scope }) => ({ shared: [scope] }),
      work: async (manager, event) => {
        const nodes = await fanOut(manager, event, to);
        await writeAudit(manager, identity, { scope: event.scope, detail: auditDetail(event, nodes) });
        return { event_id: event.eventId, nodes };
      },
    });
    this.bus.publish(subjects.outboxChanged, {});
    return reply;
  }

  private async eventOf({ to, eventType, payload }: Publication): Promise<NewEvent> {
    const { scope, eventId } =
      'scope' in to ? { scope: to.scope, eventId: randomUUID() } : await this.atNode(to.nodeId);
    refuseOversized(eventType, eventId, payload);
    return { eventId, scope, eventType, payload };
  }

  /** The SDK refuses an event for one Node that reaches another: the id says whose it is. */
  private async atNode(nodeId: string): Promise<{ scope: Scope; eventId: string }> {
    const node = await this.database.manager.findOneBy(NodeEntity, { id: nodeId, state: 'enrolled' });
    if (node === null) throw problem('unknownNode', { field: 'node_id' });
    return { scope: node.scope, eventId: `${nodeId}/${randomUUID()}` };
  }
}

async function fanOut(manager: EntityManager, event: NewEvent, to: Audience): Promise<number> {
  if ('nodeId' in to) return fanOutToNode(manager, event, to.nodeId).then(() => 1);
  if (!(await manager.existsBy(KeyRingEntity, { scope: to.scope }))) throw problem('unknownScope', { field: 'scope' });
  return fanOutToScope(manager, event);
}

/** The audit log knows what was sent by its hash: the payload is not the signing plane's to keep. */
const auditDetail = ({ eventId, eventType, payload }: NewEvent, nodes: number): object => ({
  event_id: eventId,
  event_type: eventType,
  nodes,
  payload_sha256: payload === null ? null : createHash('sha256').update(payload).digest('hex'),
});

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
