import { readFileSync } from 'node:fs';
import { readBusCredential } from '@plexsphere/bus-client';
import { lackingRights, type ServiceName } from '@plexsphere/wire';
import type { Health } from './health';
import type { Logger } from './logger';

/**
 * Says where the credential is one that an earlier version made: what came since is refused to the service by the bus, and
 * all the rest goes on, so that an upgrade is no outage. Looked at once: whoever replaces a credential restarts the service.
 */
export function warnOfRights(
  { credentialFile, service }: { credentialFile: string; service: ServiceName },
  health: Pick<Health, 'warn'>,
  logger: Pick<Logger, 'warn'>,
): void {
  const lacking = lackingRights(jwtIn(credentialFile), { kind: service });
  if (lacking.length === 0) return;
  const hint = `plexctl bootstrap reissue --service ${service}`;
  logger.warn({ lacking, hint }, 'bus credential of an earlier version');
  health.warn('bus credential', () => `of an earlier version: ${hint}`);
}

function jwtIn(credentialFile: string): string {
  return readBusCredential(readFileSync(credentialFile, 'utf8')).jwt;
}
