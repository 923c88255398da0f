import { misuse } from './failure';

/** Where the bus is. */
export interface Endpoint {
  host: string;
  port: number;
  tls: boolean;
  /** As it was written: for messages, and for the enrolment file of a Node. */
  text: string;
}

const SHAPE = /^(tls:\/\/)?(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)):([0-9]{1,5})$/;

/** 127.0.0.0/8. */
const LOOPBACK_IPV4 = /^127(?:\.\d{1,3}){3}$/;

/** `host:port`, `[::1]:port`, either with `tls://` before it; undefined for anything else. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const [, scheme, ipv6, name, digits] = SHAPE.exec(text) ?? [];
  const host = ipv6 ?? name;
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  if (ipv6 !== undefined && !URL.canParse(`http://[${ipv6}]`)) return undefined;
  return { host, port, tls: scheme !== undefined, text };
}

/**
 * By what is written, never by what a name resolves to: an answer of the name service is no reason to send a credential
 * in the clear. `localhost` alone is taken at its word (RFC 6761 section 6.3).
 */
export const isLoopback = ({ host }: Endpoint): boolean =>
  host === 'localhost' || host === '::1' || LOOPBACK_IPV4.test(host);

/** Refuses an endpoint over which the credential and the commands would travel in the clear, unless that is insisted on. */
export function requirePrivate(endpoint: Endpoint, insecure: boolean): Endpoint {
  if (endpoint.tls || isLoopback(endpoint) || insecure) return endpoint;
  throw misuse(
    'endpoint is neither loopback nor TLS',
    'signer_endpoint',
    `write tls://${endpoint.text}, or --insecure to send the credential in the clear`,
  );
}
