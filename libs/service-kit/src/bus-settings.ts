import { accessSync, constants } from 'node:fs';
import { BusClientError, privateAddresses } from '@plexsphere/bus-client';
import { RefusedFor } from './config';

const MALFORMED = 'must be nats://host:port or tls://host:port, several separated by commas';

/** What the refusal of an address means for whoever wrote the setting. */
function refusalOf(
  urls: string,
  config: Partial<Record<'allowPlaintextBus' | 'busCaFile', unknown>>,
): string | undefined {
  const texts = urls.split(',');
  if (!texts.every((text) => /^(nats|tls):/.test(text))) return MALFORMED;
  try {
    const addresses = privateAddresses(texts, config.allowPlaintextBus === true);
    if (config.busCaFile && addresses.some(({ tls }) => !tls)) {
      return 'must be tls:// where PLEXSPHERE_BUS_CA_FILE is given';
    }
  } catch (error) {
    if (!(error instanceof BusClientError)) throw error;
    if (error.code === 'mixed_schemes') return 'must be tls:// throughout, or nats:// throughout';
    if (error.code !== 'plaintext_beyond_loopback') return MALFORMED;
    return 'must be tls:// beyond this machine, unless PLEXSPHERE_ALLOW_PLAINTEXT_BUS insists';
  }
  return undefined;
}

/** Addresses that a credential may be shown to: TLS, this machine, or insisted on. */
export const IsDialable = (): PropertyDecorator => RefusedFor((urls, config) => refusalOf(String(urls), config));

/** Where it is given; found at start, because a connection without it would be tried for ever. */
export const IsReadableFile = (): PropertyDecorator =>
  RefusedFor((path) =>
    path === '' || isReadable(String(path)) ? undefined : 'must be a file that this service can read',
  );

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
