import { randomUUID } from 'node:crypto';
import { bearerHash, makeBearer, parseTokenFile, tokenFileText, type BusKey } from '@plexsphere/wire';
import { makeCreds } from './bus';

/** The first operator. The bus vouches for the id; the bearer is for HTTP, and only its hash is stored. */
export interface Admin {
  id: string;
  busPublicKey: string;
  bearerHash: string;
  expiresAt: Date;
  tokenFile: string;
}

/** Every token ends. This one leaves a year to make those that people use. */
const ADMIN_TOKEN_MS = 365 * 24 * 3_600_000;

export function makeAdmin(account: BusKey): Admin {
  const id = randomUUID();
  const expiresAt = new Date(Date.now() + ADMIN_TOKEN_MS);
  const { publicKey, text } = makeCreds(account, { kind: 'operator', id }, expiresAt);
  const bearer = makeBearer();
  const tokenFile = tokenFileText({ operator: id, busCredential: text, bearer });
  return { id, busPublicKey: publicKey, bearerHash: bearerHash(bearer), expiresAt, tokenFile };
}

/** Whose token file this is: the id and the hash under which the database would know it; undefined for anything else. */
export function adminOf(text: string): { id: string; bearerHash: string } | undefined {
  const { operator: id, bearer } = parseTokenFile(text);
  return id === undefined || bearer === undefined ? undefined : { id, bearerHash: bearerHash(bearer) };
}
