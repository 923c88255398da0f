import type { Flags, Values } from './command';
import { OUTPUTS } from './render';

/** The flags that every command takes, before or after its words. */
export const PERSISTENT_FLAGS = {
  'signer-endpoint': {
    value: 'host:port',
    summary: 'the bus; tls:// before it for TLS (default: PLEXSPHERE_SIGNER_ENDPOINT)',
  },
  'bus-ca-file': {
    value: 'file',
    summary: "PEM file of the certificates that the bus' own must come from (default: PLEXSPHERE_BUS_CA_FILE)",
  },
  'token-file': { value: 'file', summary: "the operator's token file (default: PLEXSPHERE_TOKEN_FILE)" },
  output: {
    value: OUTPUTS.join('|'),
    oneOf: OUTPUTS,
    summary: 'form of the result, and of errors and notes (default: text)',
  },
  insecure: { summary: 'accept an endpoint that is neither loopback nor TLS' },
  profile: { value: 'name', summary: 'the profile to take what is not given from (default: default_profile)' },
  server: { value: 'url', summary: 'accepted; these commands talk to the bus, not to the HTTP API' },
  help: { summary: 'show this' },
  version: { summary: 'show the version' },
} as const satisfies Flags;

export type Persistent = Values<typeof PERSISTENT_FLAGS>;
