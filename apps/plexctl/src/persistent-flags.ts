import type { Flags, Values } from './command';
import { parseEndpoint, requirePrivate, type Endpoint } from './endpoint';
import { Failure, misuse } from './failure';
import { isOutput, OUTPUTS, type Output } from './output';
import type { Profile } from './profile';
import { readTokenFile, type Token } from './token-file';

const ENDPOINT = 'host:port of the bus, tls:// before it for TLS';

/** The flags that every command takes, before or after its words. */
export const PERSISTENT_FLAGS = {
  'signer-endpoint': {
    value: 'host:port',
    summary: 'the bus; tls:// before it for TLS (default: PLEXSPHERE_SIGNER_ENDPOINT)',
  },
  'token-file': { value: 'file', summary: "the operator's token file (default: PLEXSPHERE_TOKEN_FILE)" },
  output: {
    value: OUTPUTS.join('|'),
    oneOf: OUTPUTS,
    summary: 'form of the result (default: text)',
  },
  insecure: { summary: 'accept an endpoint that is neither loopback nor TLS' },
  profile: { value: 'name', summary: 'the profile to take what is not given from (default: default_profile)' },
  server: { value: 'url', summary: 'accepted; these commands talk to the bus, not to the HTTP API' },
  help: { summary: 'show this' },
  version: { summary: 'show the version' },
} as const satisfies Flags;

export type Persistent = Values<typeof PERSISTENT_FLAGS>;

type Environment = Readonly<Record<string, string | undefined>>;

export interface Access {
  endpoint: Endpoint;
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
  return { endpoint, token: tokenOf(flags['token-file'], env, profile) };
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
