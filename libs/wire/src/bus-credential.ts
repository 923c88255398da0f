import { createHash, randomBytes } from 'node:crypto';
import { privateKeyFromSeed, rawPublicKey } from './ed25519';
import { encodeBusPublicKey, encodeBusSeed, type BusKeyKind } from './nkey';

/**
 * What a bus credential is made of, and the two forms in which it is handed over: a `.creds` file, which every NATS client
 * loads, and an operator's token file. All of it secret: 0600, and never over the bus.
 */

/** An Ed25519 key as NATS writes it. `seed` is the secret half. */
export interface BusKey {
  publicKey: string;
  seed: string;
}

/** An Ed25519 seed is 32 random bytes (RFC 8032, section 5.1.5). */
export const createBusKey = (kind: BusKeyKind): BusKey => busKeyOf(kind, randomBytes(32));

/** Of 32 bytes that are as good as random, and as secret as the key. */
export function busKeyOf(kind: BusKeyKind, raw: Uint8Array): BusKey {
  const publicKey = encodeBusPublicKey(kind, rawPublicKey(privateKeyFromSeed(raw)));
  return { publicKey, seed: encodeBusSeed(kind, raw) };
}

export const credsText = (jwt: string, seed: string): string =>
  `-----BEGIN NATS USER JWT-----
${jwt}
------END NATS USER JWT------

************************* IMPORTANT *************************
The seed below proves who this user is. Whoever has it is this user.

-----BEGIN USER NKEY SEED-----
${seed}
------END USER NKEY SEED------
`;

/** What an operator's token file holds: whose id it is, the text of their .creds file, and the bearer token for HTTP. */
interface TokenFile {
  operator: string;
  busCredential: string;
  bearer: string;
}

/** Of 256 random bits, so a plain hash is enough for whoever is to know it again. */
export const makeBearer = (): string => randomBytes(32).toString('base64url');

export const bearerHash = (bearer: string): string => createHash('sha256').update(bearer).digest('hex');

export const tokenFileText = ({ operator, busCredential, bearer }: TokenFile): string =>
  `${JSON.stringify({ operator, bus_credential: busCredential, bearer }, undefined, 2)}\n`;

/** Its members, those that are texts. No error: a JSON parser quotes what it stumbles over, which would be the secret. */
export function parseTokenFile(text: string): Partial<TokenFile> {
  try {
    const { operator, bus_credential: busCredential, bearer } = JSON.parse(text) as Record<string, unknown>;
    const members = Object.entries({ operator, busCredential, bearer });
    return Object.fromEntries(members.filter(([, member]) => typeof member === 'string'));
  } catch {
    return {};
  }
}
