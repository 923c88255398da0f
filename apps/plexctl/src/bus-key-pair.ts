/** The key pair of a new bus user. The private half goes into a secret file: it never crosses the bus. */
export async function makeBusKeyPair(): Promise<{ publicKey: string; seed: string }> {
  const { createUser } = await import('@nats-io/nkeys');
  const pair = createUser();
  return { publicKey: pair.getPublicKey(), seed: Buffer.from(pair.getSeed()).toString('ascii') };
}

/** The text of a NATS .creds file. */
export const busCredential = (jwt: string, seed: string): string =>
  [
    '-----BEGIN NATS USER JWT-----',
    jwt,
    '------END NATS USER JWT------',
    '',
    '-----BEGIN USER NKEY SEED-----',
    seed,
    '------END USER NKEY SEED------',
    '',
  ].join('\n');
