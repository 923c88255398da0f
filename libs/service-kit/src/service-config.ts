import { Allow, IsIn, Matches } from '@plexsphere/wire/validator';
import { IsDialable, IsReadableFile } from './bus-settings';
import { Switch, Variable } from './config';
import { DatabaseUrl } from './database-url';

/** What every service is told. */
export class ServiceConfig {
  /** The bus: `nats://host:port` or `tls://host:port`, several separated by commas. */
  @Variable('NATS_URL')
  @IsDialable()
  natsUrl: string;

  /** PEM file with the certificates that the bus' own must come from; without it those that the system trusts. */
  @Variable('BUS_CA_FILE', '')
  @IsReadableFile()
  busCaFile: string;

  /** Sends the credential over a plaintext bus beyond this machine, instead of refusing to start: closed networks. */
  @Variable('ALLOW_PLAINTEXT_BUS', 'false')
  @Switch()
  allowPlaintextBus: boolean;

  /** The service's own bus credential, a `.creds` file, read anew at each connect. */
  @Variable('BUS_CREDENTIAL_FILE')
  busCredentialFile: string;

  /** The database, as the service's own role, never the owner's URL; or its file instead. */
  @Variable('DATABASE_URL', '')
  @DatabaseUrl()
  databaseUrl: () => string;

  /** A file with that URL, read anew for each new connection, so that a password can be replaced under the service. */
  @Variable('DATABASE_URL_FILE', '')
  @Allow()
  databaseUrlFile: string;

  /** Where liveness and readiness are served: `host:port`; port 0 takes a free one and says which in the log. */
  @Variable('HEALTH_LISTEN', '127.0.0.1:0')
  @Matches(/^\S+:\d{1,5}$/, { message: 'must be host:port' })
  healthListen: string;

  /** Starts on a bus that lets everybody do everything, instead of refusing to be ready: laboratories. */
  @Variable('ALLOW_OPEN_BUS', 'false')
  @Switch()
  allowOpenBus: boolean;

  /** The least of what is logged: `debug`, `info`, `warn` or `error`. */
  @Variable('LOG_LEVEL', 'info')
  @IsIn(['debug', 'info', 'warn', 'error'], { message: 'must be debug, info, warn or error' })
  logLevel: 'debug' | 'info' | 'warn' | 'error';
}
