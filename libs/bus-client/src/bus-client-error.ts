export type BusClientErrorCode =
  | 'malformed_address'
  | 'mixed_schemes'
  | 'plaintext_beyond_loopback'
  | 'ca_without_tls'
  | 'bad_credential'
  | 'nonce_refused';

const MESSAGES: Readonly<Record<BusClientErrorCode, string>> = {
  malformed_address: 'an address of the bus is malformed',
  mixed_schemes: 'the addresses of the bus have to be all tls://, or none',
  plaintext_beyond_loopback: 'an address of the bus is neither loopback nor TLS',
  ca_without_tls: 'CA certificates of the bus count for tls:// alone',
  bad_credential: 'what should be a bus credential is none',
  nonce_refused: 'the server asked for a signature over what is no nonce of the bus, and got none',
};

/** Compare `code`. Never carries what was refused: it may be a secret. */
export class BusClientError extends Error {
  override readonly name = 'BusClientError';

  constructor(readonly code: BusClientErrorCode) {
    super(MESSAGES[code]);
  }
}
