import { createUser } from '@nats-io/nkeys';

/** The text of a .creds file of a bus that does not exist. */
export function busCredentialText(jwt = 'header.claims.signature', user = createUser()): string {
  return [
    '-----BEGIN NATS USER JWT-----',
    jwt,
    '------END NATS USER JWT------',
    '',
    '************************* IMPORTANT *************************',
    '-----BEGIN USER NKEY SEED-----',
    Buffer.from(user.getSeed()).toString(),
    '------END USER NKEY SEED------',
    '',
  ].join('\n');
}
