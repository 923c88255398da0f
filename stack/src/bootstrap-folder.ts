import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const SERVICE_KINDS = ['rotation', 'signer', 'outbox-relay'] as const;
export type ServiceKind = (typeof SERVICE_KINDS)[number];

/** Lines of databases.env. */
const DATABASE_VARIABLES = {
  rotation: 'ROTATION_DATABASE_URL',
  signer: 'SIGNER_DATABASE_URL',
  'outbox-relay': 'RELAY_DATABASE_URL',
} as const satisfies Record<ServiceKind, string>;

/** What `plexctl bootstrap` left for the services, and how each is told of it. */
export class BootstrapFolder {
  constructor(readonly path: string) {}

  get natsConfigFile(): string {
    return join(this.path, 'nats-server.conf');
  }

  get tokenFile(): string {
    return join(this.path, 'admin.token');
  }

  /** The URL of a service's own role. Host and port are `serverUrl`'s, which may have moved since the bootstrap. */
  databaseUrl(kind: ServiceKind, serverUrl: string): string {
    const variable = DATABASE_VARIABLES[kind];
    const lines = readFileSync(join(this.path, 'databases.env'), 'utf8').split('\n');
    const line = lines.find((each) => each.replace(/^export /, '').startsWith(`${variable}=`));
    if (line === undefined) throw new Error(`${join(this.path, 'databases.env')} has no ${variable}`);
    const url = new URL(line.slice(line.indexOf('=') + 1).replace(/^(['"])(.*)\1$/, '$2'));
    url.host = new URL(serverUrl).host;
    return url.href;
  }

  /** The environment that makes a service of this kind part of the stack. */
  environment(kind: ServiceKind, at: { natsUrl: string; databaseUrl: string }): Record<string, string> {
    return {
      PLEXSPHERE_NATS_URL: at.natsUrl,
      PLEXSPHERE_BUS_CREDENTIAL_FILE: join(this.path, `${kind}.creds`),
      PLEXSPHERE_DATABASE_URL: this.databaseUrl(kind, at.databaseUrl),
      PLEXSPHERE_HEALTH_LISTEN: '127.0.0.1:0',
      ...(kind === 'rotation' ? { PLEXSPHERE_ACCOUNT_CREDENTIAL_FILE: join(this.path, 'account-pusher.creds') } : {}),
      ...(kind === 'signer' ? { PLEXSPHERE_KEK_FILE: join(this.path, 'kek') } : {}),
    };
  }
}
