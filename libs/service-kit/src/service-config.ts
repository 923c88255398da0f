import { IsBoolean, IsIn, Matches } from 'class-validator';
import { Switch, Variable } from './config';

/** What every service is told. */
export class ServiceConfig {
  /** The bus: `nats://host:port` or `tls://host:port`, several separated by commas. */
  @Variable('NATS_URL')
  @Matches(/^(nats|tls):\/\/\S+$/, { message: 'must be a nats:// or tls:// URL' })
  natsUrl: string;

  /** The service's own bus credential, a `.creds` file. */
  @Variable('BUS_CREDENTIAL_FILE')
  busCredentialFile: string;

  /** The database, as the service's own role; never the owner's URL. */
  @Variable('DATABASE_URL')
  @Matches(/^postgres(ql)?:\/\/\S+$/, { message: 'must be a postgres:// URL' })
  databaseUrl: string;

  /** Where liveness and readiness are served: `host:port`; port 0 takes a free one and says which in the log. */
  @Variable('HEALTH_LISTEN', '127.0.0.1:0')
  @Matches(/^\S+:\d{1,5}$/, { message: 'must be host:port' })
  healthListen: string;

  /** Starts on a bus that lets everybody do everything, instead of refusing to be ready: laboratories. */
  @Variable('ALLOW_OPEN_BUS', 'false')
  @Switch()
  @IsBoolean({ message: 'must be true or false' })
  allowOpenBus: boolean;

  /** The least of what is logged: `debug`, `info`, `warn` or `error`. */
  @Variable('LOG_LEVEL', 'info')
  @IsIn(['debug', 'info', 'warn', 'error'], { message: 'must be debug, info, warn or error' })
  logLevel: 'debug' | 'info' | 'warn' | 'error';
}
