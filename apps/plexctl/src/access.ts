import { readFileSync } from 'node:fs';
import type { Environment } from './command';
import { parseEndpoint, requirePrivate, type Endpoint } from './endpoint';
import { Failure, misuse } from './failure';
import type { Persistent } from './persistent-flags';
import type { Profile } from './profile';
import { isOutput, OUTPUTS, type Output } from './render';
import { readTokenFile, type Token } from './token-file';

const ENDPOINT = 'host:port of the bus, tls:// before it for TLS';

export interface Access {
  endpoint: Endpoint;
  /** Certificates in PEM that a bus with TLS has to prove itself by; without them those that the system trusts. */
  busCa?: string | undefined;
  token: Token;
}

/**
 * Where the bus is and who asks. Flags before environment before profile; everything wrong with any of them is found
 * before dialling.
 */
export function access(flags: Persistent, env: Environment, profile: Profile): Access {
  const { endpoint, isOfProfile } = endpointOf(flags['signer-endpoint'], env, profile);
  // A profile insists for its own endpoint: one from elsewhere is not what it was written about.
  requirePrivate(endpoint, flags.insecure || (isOfProfile && profile.insecure === true));
  const busCa = busCaOf(endpoint, flags['bus-ca-file'], env, profile);
  return { endpoint, busCa, token: tokenOf(flags['token-file'], env, profile) };
}

/** What environment and profile say is for whichever endpoint has TLS; a flag is for this one. */
function busCaOf(endpoint: Endpoint, flag: string | undefined, env: Environment, profile: Profile): string | undefined {
  if (!endpoint.tls && flag === undefined) return undefined;
  if (!endpoint.tls) throw misuse('--bus-ca-file is for tls:// alone', 'bus_ca_file', `write tls://${endpoint.text}`);
  const path = flag ?? (env['PLEXSPHERE_BUS_CA_FILE'] || profile.bus_ca_file);
  return path === undefined || path === '' ? undefined : readBusCa(path);
}

function readBusCa(path: string): string {
  try {
    const text = readFileSync(path, 'utf8');
    if (/^-----BEGIN CERTIFICATE-----$/m.test(text)) return text;
  } catch (error) {
    const cause = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw misuse(`--bus-ca-file cannot be read: ${cause}`, 'bus_ca_file', `check ${path}`);
  }
  throw misuse('--bus-ca-file holds no certificate', 'bus_ca_file', `${path} has to be a PEM file`);
}

function endpointOf(
  flag: string | undefined,
  env: Environment,
  profile: Profile,
): { endpoint: Endpoint; isOfProfile: boolean } {
  const [from, text] = firstOf([
    ['--signer-endpoint', flag],
    ['PLEXSPHERE_SIGNER_ENDPOINT', env['PLEXSPHERE_SIGNER_ENDPOINT'] || undefined],
    ['profile', profile.signer_endpoint],
  ]);
  if (text === undefined || text === '') {
    throw misuse(
      '--signer-endpoint is required',
      'signer_endpoint',
      `give ${ENDPOINT}, or set PLEXSPHERE_SIGNER_ENDPOINT`,
    );
  }
  const endpoint = parseEndpoint(text);
  if (endpoint !== undefined) return { endpoint, isOfProfile: from === 'profile' };
  throw misuse(`${from} is malformed: ${JSON.stringify(text)}`, 'signer_endpoint', `give ${ENDPOINT}`);
}

function tokenOf(flag: string | undefined, env: Environment, profile: Profile): Token {
  const path = flag ?? (env['PLEXSPHERE_TOKEN_FILE'] || profile.token_file);
  if (path !== undefined && path !== '') return readTokenFile(path);
  throw new Failure(77, 'no token file', { field: 'token_file' }, 'give --token-file, or set PLEXSPHERE_TOKEN_FILE');
}

const firstOf = (sources: readonly (readonly [string, string | undefined])[]): readonly [string, string | undefined] =>
  sources.find(([, text]) => text !== undefined) ?? ['', undefined];

/** The form of the result. */
export function outputOf({ output }: Persistent, profile: Profile): Output {
  if (output === undefined) return profile.output ?? 'text';
  if (isOutput(output)) return output;
  throw misuse(`--output is malformed: ${JSON.stringify(output)}`, 'output', `give one of ${OUTPUTS.join(', ')}`);
}
