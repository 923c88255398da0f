import { isLoopback } from '@plexsphere/bus-client';
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

  /** How often a second a client of an issuer may come to this gateway, by a secret or a key of its own. */
  @Variable('CLIENT_RATE', '1000')
  @Transform(({ value }) => Number(value))
  @IsInt({ message: 'must be a whole number' })
  @Min(1, { message: 'must be at least 1' })
  clientRate: number;
}
