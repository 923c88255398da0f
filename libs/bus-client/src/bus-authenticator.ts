import { sign, type KeyObject } from 'node:crypto';
import { decodeBusSeed, privateKeyFromSeed } from '@plexsphere/wire';
import type { Authenticator } from 'nats';
import { BusClientError } from './bus-client-error';

/** The two blocks of a NATS .creds file, in this order. */
const BLOCK = /-{3,}BEGIN [^\n]*-{3,}\s+(\S+)\s+-{3,}END/g;

/**
 * What a bus server asks to have signed: 11 random bytes in base64url (nats-server up to 2.12), with room for more. No
 * text that anything else here verifies has this form: an envelope begins with a brace, a JWS input has a dot.
 */
const NONCE = /^[A-Za-z0-9_-]{1,64}$/;

export interface BusCredential {
  jwt: string;
  key: KeyObject;
}

/** The text of a .creds file. @throws BusClientError bad_credential */
export function readBusCredential(text: string): BusCredential {
  const [jwt, seed] = [...text.matchAll(BLOCK)].map(([, block]) => block);
  const raw = decodeBusSeed('user', seed ?? '');
  if (jwt === undefined || raw === undefined) throw new BusClientError('bad_credential');
  return { jwt, key: privateKeyFromSeed(raw) };
}

/**
 * Answers the server's challenge, by the credential as it is at that moment. The client library would sign whatever a
 * server sends, so that a rogue one could have a signature over a text of its choice.
 * @throws BusClientError nonce_refused, when called; whatever `credential` throws
 */
export const busAuthenticator =
  (credential: () => BusCredential): Authenticator =>
  (nonce) => {
    // A bus that is open to everybody asks for nothing.
    if (nonce === undefined || nonce === '') return;
    if (!NONCE.test(nonce)) throw new BusClientError('nonce_refused');
    const { jwt, key } = credential();
    return { jwt, nkey: '', sig: sign(null, Buffer.from(nonce), key).toString('base64url') };
  };
