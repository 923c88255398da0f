import { Column, Entity, PrimaryColumn } from 'typeorm';
import { integer } from './column-types';

@Entity({ schema: 'outbox', name: 'event' })
export class OutboxEventEntity {
  @PrimaryColumn({ name: 'event_id', type: 'text' }) eventId: string;
  @Column({ type: 'text' }) scope: string;
  @Column({ name: 'event_type', type: 'text' }) eventType: string;
  /** JSON text; null for none, and for key events, whose payload the signer builds. */
  @Column({ type: 'text', nullable: true }) payload: string | null;
  @Column({ type: 'bigint', nullable: true, transformer: integer }) epoch: number | null;
}

@Entity({ schema: 'outbox', name: 'message' })
export class OutboxMessageEntity {
  @PrimaryColumn({ type: 'bigint', generated: 'identity' }) id: string;
  @Column({ name: 'node_id', type: 'uuid' }) nodeId: string;
  @Column({ name: 'event_id', type: 'text' }) eventId: string;
  @Column({ name: 'ring_scope', type: 'text', nullable: true }) ringScope: string | null;
  @Column({ type: 'bigint', nullable: true, transformer: integer }) epoch: number | null;
  @Column({ type: 'bigint', nullable: true, transformer: integer }) position: number | null;
  @Column({ type: 'text' }) state: 'unsent' | 'sent' | 'settled';
  @Column({ type: 'text', nullable: true }) outcome: 'applied' | 'superseded' | 'expired' | null;
}

@Entity({ schema: 'outbox', name: 'node_stream' })
export class NodeStreamEntity {
  @PrimaryColumn({ name: 'node_id', type: 'uuid' }) nodeId: string;
  @Column({ type: 'text' }) scope: string;
  /** The last epoch whose announcement stands on the Node's stream; of the platform's ring for a Domain's Node. */
  @Column({ name: 'told_epoch', type: 'bigint', transformer: integer }) toldEpoch: number;
  @Column({ name: 'told_platform_epoch', type: 'bigint', transformer: integer }) toldPlatformEpoch: number;
  @Column({ name: 'settled_epoch', type: 'bigint', transformer: integer }) settledEpoch: number;
  @Column({ name: 'settled_platform_epoch', type: 'bigint', transformer: integer }) settledPlatformEpoch: number;
  @Column({ name: 'settled_position', type: 'bigint', transformer: integer }) settledPosition: number;
  @Column({ name: 'first_seen_at', type: 'timestamptz', nullable: true }) firstSeenAt: Date | null;
  @Column({ name: 'last_seen_at', type: 'timestamptz', nullable: true }) lastSeenAt: Date | null;
}
