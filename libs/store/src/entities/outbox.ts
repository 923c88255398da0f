import { Column, Entity, PrimaryColumn } from 'typeorm';
import { integer } from './column-types';

@Entity({ schema: 'outbox', name: 'node_stream' })
export class NodeStreamEntity {
  @PrimaryColumn({ name: 'node_id', type: 'uuid' }) nodeId: string;
  @Column({ type: 'text' }) scope: string;
  /** The last epoch whose announcement stands on the Node's stream; of the platform's ring for a Domain's Node. */
  @Column({ name: 'told_epoch', type: 'bigint', transformer: integer }) toldEpoch: number;
  @Column({ name: 'told_platform_epoch', type: 'bigint', transformer: integer }) toldPlatformEpoch: number;
  @Column({ name: 'settled_epoch', type: 'bigint', transformer: integer }) settledEpoch: number;
  @Column({ name: 'settled_platform_epoch', type: 'bigint', transformer: integer }) settledPlatformEpoch: number;
}
