import { isLoopback } from '@plexsphere/bus-client';
import { misuse } from '../../failure';
import { readSmallFile } from '../../small-file';

/** Where a member over HTTP finds the gateways: as its enrolment file says it, and the SDK takes it. */

export const GATEWAY_FLAGS = {
  gateway: {
    value: 'url',
    member: 'gateways',
    repeatable: true,
    summary: 'it comes over HTTP, by this gateway, and not over the bus; repeat it for more',
    accepts: (text: string): boolean => isGatewayUrl(text),
    expected: 'https://host:port, with a path where a proxy wants one; no user, no query',
  },
  'gateway-ca-file': {
    value: 'file',
    summary:
      "PEM file of the certificates that a gateway's own must come from; without it those that the system trusts",
  },
} as const;

interface GatewayFlags {
  gateway: readonly string[];
  'gateway-ca-file': string | undefined;
}

function isGatewayUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === '');
}

const isTls = (url: string): boolean => url.startsWith('https:');

export function checkGateways({ gateway, 'gateway-ca-file': ca }: GatewayFlags): void {
  if (gateway.some((url) => isTls(url) !== isTls(gateway[0] ?? '')))
    throw misuse('--gateway names http and https', 'gateways', 'all of them are asked in turn, and see the same token');
  if (ca !== undefined && !isTls(gateway[0] ?? ''))
    throw misuse('--gateway-ca-file is for https alone', 'gateway_ca_file', 'write --gateway https://host:port');
}

/** The members of the file. The member's token is shown to these addresses. */
export function gatewayMembers(
  { gateway, 'gateway-ca-file': path }: GatewayFlags,
  insecure: boolean,
): { gateways: readonly string[]; gateway_ca?: string } {
  const open = gateway.find((url) => !isTls(url) && !isLoopback({ host: hostOf(url) }));
  if (open !== undefined && !insecure) {
    throw misuse('gateway is neither loopback nor TLS', 'gateways', `write https, or --insecure to accept ${open}`);
  }
  if (path === undefined) return { gateways: gateway };
  return { gateways: gateway, gateway_ca: readCa(path) };
}

const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, '');

/** A few certificates. */
const MOST_BYTES = 65_536;

function readCa(path: string): string {
  const text = readSmallFile(path, { flag: 'gateway-ca-file', mostBytes: MOST_BYTES });
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw misuse('--gateway-ca-file has no certificate', 'gateway_ca_file', `check ${path}: PEM is expected`);
}
