/** NATS' own form of a JWT (version 2), to the byte as `@nats-io/jwt` writes it: the bus, and nothing else, reads it. */
import { createHash } from 'node:crypto';
import type { BusKeyKind } from '@plexsphere/wire';
import type { BusSigner } from './bus-key';

interface Claims {
  name: string;
  /** Public key (nkey) of whom it is about. */
  subject: string;
  /** What that one may do. */
  nats: object;
  /** Unix seconds; the clock's where none is given. */
  issuedAt?: number | undefined;
  /** Unix seconds; never where none is given. */
  expiresAt?: number | undefined;
}

const HEADER = encoded({ typ: 'JWT', alg: 'ed25519-nkey' });

/**
 * Encoded and signed by node:crypto in less than a millisecond: the library's signature takes 17 to 60 ms of the only thread
 * that a signer has, and it makes no `iat` but the moment's, where of two tokens of one key the older has to be told apart.
 */
export function encode(
  type: BusKeyKind,
  { name, subject, nats, issuedAt, expiresAt }: Claims,
  signer: BusSigner,
): string {
  const claims = {
    exp: expiresAt,
    aud: 'NATS',
    name,
    sub: subject,
    nats: { ...nats, type, version: 2 },
    iss: signer.publicKey,
    iat: issuedAt ?? Math.floor(Date.now() / 1_000),
  };
  // The format wants an id: it is the hash of everything else.
  const jti = createHash('sha512').update(JSON.stringify(claims)).digest('base64');
  const input = `${HEADER}.${encoded({ ...claims, jti })}`;
  return `${input}.${signer.sign(Buffer.from(input)).toString('base64url')}`;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
