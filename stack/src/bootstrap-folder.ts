import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BRING_UP_FILES, SERVICES, credentialFile, databaseUrlFile, type ServiceName } from '@plexsphere/wire';

/** What `plexctl bootstrap` left for the services, and how each is told of it. */
export class BootstrapFolder {
  constructor(readonly path: string) {}

  get natsConfigFile(): string {
    return join(this.path, BRING_UP_FILES.natsServer);
  }

  get tokenFile(): string {
    return join(this.path, BRING_UP_FILES.adminToken);
  }

  /** The URL of a service's own login. Host and port are `serverUrl`'s, which may have moved since the bootstrap. */
  databaseUrl(service: ServiceName, serverUrl: string): string {
    const url = new URL(readFileSync(join(this.path, databaseUrlFile(service)), 'utf8').trim());
    url.host = new URL(serverUrl).host;
    return url.href;
  }

  /** The environment that makes a service part of the stack. */
  environment(service: ServiceName, at: { natsUrl: string; databaseUrl: string }): Record<string, string> {
    const files = Object.entries(SERVICES[service].files).map(([setting, file]) => [setting, join(this.path, file)]);
    return {
      PLEXSPHERE_NATS_URL: at.natsUrl,
      PLEXSPHERE_BUS_CREDENTIAL_FILE: join(this.path, credentialFile(service)),
      PLEXSPHERE_DATABASE_URL: this.databaseUrl(service, at.databaseUrl),
      PLEXSPHERE_HEALTH_LISTEN: '127.0.0.1:0',
      ...Object.fromEntries(files),
    };
  }
}
