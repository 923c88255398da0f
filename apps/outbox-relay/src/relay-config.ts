import { DurationMs, ServiceConfig, Variable } from '@plexsphere/service-kit';
import { Transform } from 'class-transformer';
import { IsIn } from '@plexsphere/wire/validator';

export class RelayConfig extends ServiceConfig {
  /** How long an event waits for a Node that is away, and how long a settled message is kept for those who ask. */
  @Variable('EVENT_RETENTION', '7d')
  @DurationMs()
  eventRetentionMs: number;

  /** Copies of the stream, on a bus of as many servers; counts only where this relay makes the stream. */
  @Variable('STREAM_REPLICAS', '1')
  @Transform(({ value }) => Number(value))
  @IsIn([1, 3, 5], { message: 'must be 1, 3 or 5' })
  streamReplicas: number;
}
