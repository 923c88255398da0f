import { BusClientError } from './bus-client-error';

/** One address of the bus. */
export interface BusAddress {
  host: string;
  port: number;
  tls: boolean;
  /** As it was written. */
  text: string;
}

const SHAPE =
  /^(?:(nats|tls):\/\/)?(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)):([0-9]{1,5})$/;

/** 127.0.0.0/8. */
const LOOPBACK_IPV4 = /^127(?:\.\d{1,3}){3}$/;

/** `host:port`, `[::1]:port`, either with `nats://` or `tls://` before it; undefined for anything else. */
export function parseBusAddress(text: string): BusAddress | undefined {
  const [, scheme, ipv6, name, digits] = SHAPE.exec(text) ?? [];
  const host = ipv6 ?? name;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  if (ipv6 !== undefined && !URL.canParse(`http://[${ipv6}]`)) return undefined;
  return { host, port, tls: scheme === 'tls', text };
}

/**
 * By what is written, never by what a name resolves to: an answer of the name service is no reason to send a credential
 * in the clear. `localhost` alone is taken at its word (RFC 6761 section 6.3).
 */
export const isLoopback = ({ host }: Pick<BusAddress, 'host'>): boolean =>
  host === 'localhost' || host === '::1' || LOOPBACK_IPV4.test(host);

/**
 * Addresses over which a credential may be shown: TLS, or this very machine, or insisted on.
 * @throws BusClientError malformed_address, mixed_schemes, plaintext_beyond_loopback
 */
export function privateAddresses(texts: readonly string[], insecure: boolean): BusAddress[] {
  const addresses = texts.map((text) => {
    const address = parseBusAddress(text);
    if (address === undefined) throw new BusClientError('malformed_address');
    return address;
  });
  // TLS is an option of the whole connection, which goes to any of them.
  if (new Set(addresses.map(({ tls }) => tls)).size > 1) throw new BusClientError('mixed_schemes');
  if (!insecure && addresses.some((address) => !address.tls && !isLoopback(address))) {
    throw new BusClientError('plaintext_beyond_loopback');
  }
  return addresses;
}
