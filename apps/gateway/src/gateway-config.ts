import { BusClientError, isLoopback, privateAddresses } from '@plexsphere/bus-client';
import { Transform } from 'class-transformer';
import { IsInt, Min } from '@plexsphere/wire/validator';
import { networksOf } from './door/trusted-proxies';
import { IsReadableFile, RefusedFor, ServiceConfig, Switch, Variable } from '@plexsphere/service-kit';

const LISTEN = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/;

/** What a listening address means for bearer tokens: TLS, this very machine, or insisted on. */
function refusalOf(listen: string, { tlsCertFile, allowPlaintextHttp }: Partial<GatewayConfig>): string | undefined {
  const [, ipv6, name, port] = LISTEN.exec(listen) ?? [];
  const host = ipv6 ?? name;
  if (host === undefined || Number(port) > 65_535) return 'must be host:port';
  if (tlsCertFile || allowPlaintextHttp === true || isLoopback({ host })) return undefined;
  return 'needs PLEXSPHERE_TLS_CERT_FILE beyond this machine, unless PLEXSPHERE_ALLOW_PLAINTEXT_HTTP insists';
}

const isLackingKey = (cert: unknown, config: object): string | undefined =>
  Boolean(cert) === Boolean((config as Partial<GatewayConfig>).tlsKeyFile)
    ? undefined
    : 'and PLEXSPHERE_TLS_KEY_FILE are given both, or neither';

/** As a Node that is told them looks at them: it shows its token to none in plaintext but on its own machine. */
function refusalOfServers(text: string, { allowPlaintextBus }: Partial<GatewayConfig>): string | undefined {
  try {
    privateAddresses(text.split(','), allowPlaintextBus === true);
    return undefined;
  } catch (error) {
    if (!(error instanceof BusClientError)) throw error;
    return 'must be addresses as PLEXSPHERE_NATS_URL has them';
  }
}

const refusalOfGateways = (text: string): string | undefined =>
  text.split(',').every(isOrigin)
    ? undefined
    : 'must be http:// or https:// addresses without a path, with commas between';

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, origin } = new URL(text);
  return /^https?:$/.test(protocol) && origin === text.replace(/\/$/, '');
}

export class GatewayConfig extends ServiceConfig {
  /** Where HTTP is served to Nodes and verifiers: `host:port`; port 0 takes a free one and says which in the log. */
  @Variable('HTTP_LISTEN', '127.0.0.1:0')
  @RefusedFor((listen, config) => refusalOf(String(listen), config))
  httpListen: string;

  /** PEM file with the certificate of HTTP and what leads to its authority; read anew when it changes. */
  @Variable('TLS_CERT_FILE', '')
  @IsReadableFile()
  @RefusedFor(isLackingKey)
  tlsCertFile: string;

  /** PEM file with the key of that certificate; read anew when it changes. */
  @Variable('TLS_KEY_FILE', '')
  @IsReadableFile()
  tlsKeyFile: string;

  /** Serves plaintext beyond this machine, instead of refusing to start: behind a proxy that ends TLS, closed networks. */
  @Variable('ALLOW_PLAINTEXT_HTTP', 'false')
  @Switch()
  allowPlaintextHttp: boolean;

  /** Proxies whose `X-Forwarded-For` is believed, where failures are counted by who calls: addresses and networks, with commas between. */
  @Variable('TRUSTED_PROXIES', '')
  @RefusedFor((text) =>
    networksOf(String(text)) === undefined ? 'must be a list of addresses and networks' : undefined,
  )
  trustedProxies: string;

  /** Where Nodes that come in by a key of their own reach the bus: addresses as PLEXSPHERE_NATS_URL has them, which holds where none is given. */
  @Variable('NODE_BUS_SERVERS', '')
  @RefusedFor((text, config) => (text === '' ? undefined : refusalOfServers(String(text), config)))
  nodeBusServers: string;

  /** PEM file with the certificates that the bus' own must come from, as such Nodes are told; without it PLEXSPHERE_BUS_CA_FILE. */
  @Variable('NODE_BUS_CA_FILE', '')
  @IsReadableFile()
  nodeBusCaFile: string;

  /** Where such Nodes call gateways: `http://` or `https://` addresses, with commas between; none: where they called first. */
  @Variable('NODE_GATEWAYS', '')
  @RefusedFor((text) => (text === '' ? undefined : refusalOfGateways(String(text))))
  nodeGateways: string;

  /** How often a second a client of an issuer may come to this gateway, by a secret or a key of its own. */
  @Variable('CLIENT_RATE', '1000')
  @Transform(({ value }) => Number(value))
  @IsInt({ message: 'must be a whole number' })
  @Min(1, { message: 'must be at least 1' })
  clientRate: number;
}
