/** Where gateways are, and whether a Node's token may be shown there: as of the bus, and for the same reasons. */
import { isLoopback } from '@plexsphere/bus-client';
import { NodeSdkError } from '../node-sdk-error';

/** An origin, with a path before its own where a proxy wants one; no user, no query. */
export function isGatewayUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === '');
}

/**
 * Each with what a call's path is put behind.
 * @throws NodeSdkError malformed_address, mixed_schemes, plaintext_beyond_loopback, ca_without_tls
 */
export function gatewayUrls(
  texts: readonly string[],
  { ca, insecure }: { ca?: string | undefined; insecure: boolean },
): string[] {
  if (texts.length === 0 || !texts.every(isGatewayUrl)) throw new NodeSdkError('malformed_address', 'gateways');
  const urls = texts.map((text) => new URL(text));
  const isTls = urls[0]?.protocol === 'https:';
  if (urls.some(({ protocol }) => (protocol === 'https:') !== isTls))
    throw new NodeSdkError('mixed_schemes', 'gateways');
  if (ca !== undefined && !isTls) throw new NodeSdkError('ca_without_tls', 'gateway_ca');
  const isHere = ({ hostname }: URL): boolean => isLoopback({ host: hostname.replace(/^\[|\]$/g, '') });
  if (!isTls && !insecure && !urls.every(isHere)) throw new NodeSdkError('plaintext_beyond_loopback', 'gateways');
  return urls.map(({ origin, pathname }) => `${origin}${pathname.replace(/\/+$/, '')}`);
}
