import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { BusKey } from '@plexsphere/bus-jwt';
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

export async function makeAdmin(account: BusKey): Promise<Admin> {
  const id = randomUUID();
  const expiresAt = new Date(Date.now() + ADMIN_TOKEN_MS);
  const { publicKey, text } = await makeCreds(account, { kind: 'operator', id }, expiresAt);
  const bearer = randomBytes(32).toString('base64url');
  const tokenFile = `${JSON.stringify({ operator: id, bus_credential: text, bearer }, undefined, 2)}\n`;
  return { id, busPublicKey: publicKey, bearerHash: bearerHash(bearer), expiresAt, tokenFile };
}

/** Of 256 random bits, so a plain hash is enough. */
const bearerHash = (bearer: string): string => createHash('sha256').update(bearer).digest('hex');

/** Whose token file this is: the id and the hash under which the database would know it; undefined for anything else. */
export function readTokenFile(text: string): { id: string; bearerHash: string } | undefined {
  try {
    const { operator, bearer } = JSON.parse(text) as { operator?: unknown; bearer?: unknown };
    if (typeof operator !== 'string' || typeof bearer !== 'string') return undefined;
    return { id: operator, bearerHash: bearerHash(bearer) };
  } catch {
    return undefined;
  }
}
