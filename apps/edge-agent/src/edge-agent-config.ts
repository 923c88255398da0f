import { Variable } from '@plexsphere/service-kit';
import { Allow, IsIn } from '@plexsphere/wire/validator';

export class EdgeAgentConfig {
  /** The folder that `plexctl edge enroll` has made, with the Node key in it. One process at a time has it. */
  @Variable('STATE', '/var/lib/plexsphere/edge')
  @Allow()
  state: string;

  /** The least of what is logged: `debug`, `info`, `warn` or `error`. */
  @Variable('LOG_LEVEL', 'info')
  @IsIn(['debug', 'info', 'warn', 'error'], { message: 'must be debug, info, warn or error' })
  logLevel: 'debug' | 'info' | 'warn' | 'error';
}
