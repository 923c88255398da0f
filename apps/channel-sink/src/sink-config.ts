import { DurationMs, IsReadableFile, Switch, Variable } from '@plexsphere/service-kit';
import { Allow, IsIn, Matches, Min } from '@plexsphere/wire/validator';

/** What the process is told; what each ring is told stands in target-settings.ts. */
export class SinkConfig {
  /** The member's enrolment file, as `plexctl channel add-member --sink` has written it: nobody else may read it. */
  @Variable('ENROLMENT')
  @IsReadableFile()
  enrolment: string;

  /** A folder of this sink's own, on a disk that outlives the process; made where it is missing. It holds secrets. */
  @Variable('STORE')
  @Allow()
  store: string;

  /** How often it is looked whether the targets are as they were written. */
  @Variable('LOOK_EVERY', '60s')
  @DurationMs()
  @Min(1_000, { message: 'must be at least 1s' })
  lookEvery: number;

  /** Goes to a bus, gateways or a target beyond this machine in the clear, instead of refusing: closed networks. */
  @Variable('ALLOW_PLAINTEXT', 'false')
  @Switch()
  allowPlaintext: boolean;

  /** Where liveness and readiness are served: `host:port`; port 0 takes a free one and says which in the log. */
  @Variable('HEALTH_LISTEN', '127.0.0.1:0')
  @Matches(/^\S+:\d{1,5}$/, { message: 'must be host:port' })
  healthListen: string;

  /** The least of what is logged: `debug`, `info`, `warn` or `error`. */
  @Variable('LOG_LEVEL', 'info')
  @IsIn(['debug', 'info', 'warn', 'error'], { message: 'must be debug, info, warn or error' })
  logLevel: 'debug' | 'info' | 'warn' | 'error';
}
