import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const SERVICE_KINDS = ['rotation', 'signer', 'outbox-relay'] as const;
export type ServiceKind = (typeof SERVICE_KINDS)[number];

/** What `plexctl bootstrap` left for the services, and how each is told of it. */
export class BootstrapFolder {
  constructor(readonly path: string) {}

  get natsConfigFile(): string {
    return join(this.path, 'nats-server.conf');
  }

  get tokenFile(): string {
    return join(this.path, 'admin.token');
  }

  /** The URL of a service's own login. Host and port are `serverUrl`'s, which may have moved since the bootstrap. */
  databaseUrl(kind: ServiceKind, serverUrl: string): string {
    const url = new URL(readFileSync(join(this.path, `${kind}.database-url`), 'utf8').trim());
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
