import { isLoopback, parseBusAddress, type BusAddress } from '@plexsphere/bus-client';
import { misuse } from './failure';

/** Where the bus is; its text stands in messages, and in the enrolment file of a Node. */
export type Endpoint = BusAddress;

/** `host:port`, `[::1]:port`, either with `tls://` before it; undefined for anything else. */
export const parseEndpoint = (text: string): Endpoint | undefined =>
  text.startsWith('nats:') ? undefined : parseBusAddress(text);

/** Refuses an endpoint over which the credential and the commands would travel in the clear, unless that is insisted on. */
export function requirePrivate(endpoint: Endpoint, insecure: boolean): Endpoint {
  if (endpoint.tls || isLoopback(endpoint) || insecure) return endpoint;
  throw misuse(
    'endpoint is neither loopback nor TLS',
    'signer_endpoint',
    `write tls://${endpoint.text}, or --insecure to send the credential in the clear`,
  );
}
