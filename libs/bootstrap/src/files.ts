/** What a bring-up leaves, each 0600 in a 0700 folder. A service gets its own and no other. */
export const FILES = {
  /** The key-encryption key: signers. */
  kek: 'kek',
  /** Bus credentials, one a service. */
  rotation: 'rotation.creds',
  signer: 'signer.creds',
  relay: 'outbox-relay.creds',
  /** Rotation's second one, in the bus's system account. */
  accountPusher: 'account-pusher.creds',
  /** The database, as each service's own login: one URL a file. */
  rotationDatabase: 'rotation.database-url',
  signerDatabase: 'signer.database-url',
  relayDatabase: 'outbox-relay.database-url',
  /** To be included by the bus's servers. */
  natsServer: 'nats-server.conf',
  /** The first admin's token file. */
  adminToken: 'admin.token',
  /** To be taken away and kept offline; the passphrase apart from it. */
  recoveryKey: 'recovery-key.json',
  recoveryPassphrase: 'recovery-key.passphrase',
} as const;

export const databaseUrlFile = (service: 'rotation' | 'signer' | 'outbox-relay'): string => `${service}.database-url`;
