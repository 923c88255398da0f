import { busAuthenticator, readBusCredential } from '@plexsphere/bus-client';
import { createBusKey, credsText } from '@plexsphere/wire';
import type { Authenticator } from 'nats';

/** The text of a .creds file of a bus that does not exist. */
export const busCredentialText = (jwt = 'header.claims.signature', seed = createBusKey('user').seed): string =>
  credsText(jwt, seed);

/**
 * Answers a bus server as the client library's `credsAuthenticator` does (libs/bus-client/src/bus-authenticator.spec.ts),
 * for who opens many connections: the library's signs in pure JS, and takes 60 ms of CPU for each.
 */
export function authenticatorOf(creds: string): Authenticator {
  const credential = readBusCredential(creds);
  return busAuthenticator(() => credential);
}

/** What stands in the text of a .creds file, and whom its JWT speaks of. */
export function parseCreds(text: string): { jwt: string; seed: string; publicKey: string } {
  const [jwt = '', seed = ''] = [...text.matchAll(/-{3,}BEGIN [^\n]*-{3,}\s+(\S+)\s+-{3,}END/g)].map(
    ([, block]) => block,
  );
  const { sub } = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as { sub: string };
  return { jwt, seed, publicKey: sub };
}
