import type { PeerCertificate } from 'node:tls';
import type { ConnectionOptions } from 'nats';
import { privateAddresses, type BusAddress } from './bus-address';
import { busAuthenticator, type BusCredential } from './bus-authenticator';
import { BusClientError } from './bus-client-error';

export interface Dialling {
  servers: readonly string[];
  credential: () => BusCredential;
  inboxPrefix: string;
  name: string;
  /** PEM file with the certificates that a server's must come from; without it those that the system trusts. */
  caFile?: string | undefined;
  /** The same as text. */
  ca?: string | undefined;
  /** Insists on a plaintext bus beyond the loopback. */
  insecure?: boolean | undefined;
}

/** A peer that froze, or a network that swallows, is noticed within 15 s; its connection is made anew elsewhere. */
const PING_INTERVAL_MS = 5_000;
const UNANSWERED_PINGS = 2;

/**
 * What everybody's connection has in common. How patiently one connects and reconnects is each caller's own.
 * @throws BusClientError for addresses that a credential must not be shown to
 */
export function dialOptions(dialling: Dialling): ConnectionOptions {
  const { servers, credential, inboxPrefix, name, caFile, ca, insecure = false } = dialling;
  const addresses = privateAddresses(servers, insecure);
  const tls = addresses.some((address) => address.tls);
  if ((caFile ?? ca) !== undefined && !tls) throw new BusClientError('ca_without_tls');
  return {
    servers: addresses.map(({ text }) => text),
    authenticator: busAuthenticator(credential),
    inboxPrefix,
    name,
    // The library passes over a scheme: without this it would go on in plaintext where the server offers nothing else.
    ...(tls
      ? {
          tls: {
            ...(caFile === undefined ? {} : { caFile }),
            ...(ca === undefined ? {} : { ca }),
            ...identityOf(addresses),
          },
        }
      : {}),
    // Addresses that a bus sends were not checked to be this machine's; over TLS the certificate has to fit anyway.
    ignoreClusterUpdates: !tls && !insecure,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: UNANSWERED_PINGS,
  };
}

/**
 * The certificate has to be for one of the addresses that were given. The library compares with `localhost` where an
 * address is a number (Node's default for a socket without a name), which would take a certificate of anybody's
 * localhost, and refuse one for that number.
 */
const identityOf = (addresses: readonly BusAddress[]) => ({
  checkServerIdentity: (_: string, certificate: PeerCertificate): Error | undefined => {
    // By then TLS is loaded; importing it would cost each start of plexctl, of --help too.
    const { checkServerIdentity } = process.getBuiltinModule('node:tls');
    const refusals = addresses.map(({ host }) => checkServerIdentity(host, certificate));
    return refusals.includes(undefined) ? undefined : refusals[0];
  },
});
