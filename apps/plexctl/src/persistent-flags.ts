import type { Flags, Values } from './command';
import { parseEndpoint, requirePrivate, type Endpoint } from './endpoint';
import { Failure, misuse } from './failure';
import { isOutput, OUTPUTS, type Output } from './render';
import type { Terminal } from './terminal';
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
    summary: 'form of the result (default: text)',
  },
  insecure: { summary: 'accept an endpoint that is neither loopback nor TLS' },
  profile: { value: 'name', summary: 'accepted; profiles are not read' },
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

/** Where the bus is and who asks. Flags before environment; everything wrong with either is found before dialling. */
export function access(flags: Persistent, env: Environment): Access {
  const endpoint = endpointOf(flags['signer-endpoint'], env);
  requirePrivate(endpoint, flags.insecure);
  return { endpoint, token: tokenOf(flags['token-file'], env) };
}

function endpointOf(flag: string | undefined, env: Environment): Endpoint {
  const text = flag ?? env['PLEXSPHERE_SIGNER_ENDPOINT'];
  if (text === undefined || text === '') {
    throw misuse(
      '--signer-endpoint is required',
      'signer_endpoint',
      `give ${ENDPOINT}, or set PLEXSPHERE_SIGNER_ENDPOINT`,
    );
  }
  const endpoint = parseEndpoint(text);
  if (endpoint !== undefined) return endpoint;
  const from = flag === undefined ? 'PLEXSPHERE_SIGNER_ENDPOINT' : '--signer-endpoint';
  throw misuse(`${from} is malformed: ${JSON.stringify(text)}`, 'signer_endpoint', `give ${ENDPOINT}`);
}

function tokenOf(flag: string | undefined, env: Environment): Token {
  const path = flag ?? env['PLEXSPHERE_TOKEN_FILE'];
  if (path !== undefined && path !== '') return readTokenFile(path);
  throw new Failure(77, 'no token file', { field: 'token_file' }, 'give --token-file, or set PLEXSPHERE_TOKEN_FILE');
}

/** The form of the result. */
export function outputOf({ output = 'text' }: Persistent): Output {
  if (isOutput(output)) return output;
  throw misuse(`--output is malformed: ${JSON.stringify(output)}`, 'output', `give one of ${OUTPUTS.join(', ')}`);
}

/** A profile that is named changes nothing, and a person who names one must not believe that it does. */
export function noteProfile({ profile }: Persistent, terminal: Terminal): void {
  if (profile !== undefined) terminal.note(`--profile ${profile} changes nothing: profiles are not read`);
}
