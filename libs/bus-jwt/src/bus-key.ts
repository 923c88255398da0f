import { sign } from 'node:crypto';
import {
  decodeBusPublicKey,
  decodeBusSeed,
  encodeBusPublicKey,
  privateKeyFromSeed,
  rawPublicKey,
  type BusKeyKind,
} from '@plexsphere/wire';

type BusJwtErrorCode = 'bad_seed' | 'bad_public_key';

/** Compare `code`. The text never holds what was refused: it may be a seed. */
export class BusJwtError extends Error {
  override readonly name = 'BusJwtError';

  constructor(readonly code: BusJwtErrorCode) {
    super(code);
  }
}

export const isBusPublicKey = (kind: BusKeyKind, text: unknown): text is string =>
  typeof text === 'string' && decodeBusPublicKey(kind, text) !== undefined;

/** @throws BusJwtError bad_public_key */
export function requirePublicKey(kind: BusKeyKind, text: string): string {
  if (!isBusPublicKey(kind, text)) throw new BusJwtError('bad_public_key');
  return text;
}

/** What signs bus JWTs. Never crosses the wire. */
export interface BusSigner {
  publicKey: string;
  sign(input: Buffer): Buffer;
}

/** @throws BusJwtError bad_seed */
export function busSigner(kind: BusKeyKind, seed: string): BusSigner {
  const raw = decodeBusSeed(kind, seed);
  if (raw === undefined) throw new BusJwtError('bad_seed');
  const privateKey = privateKeyFromSeed(raw);
  return {
    publicKey: encodeBusPublicKey(kind, rawPublicKey(privateKey)),
    sign: (input) => sign(null, input, privateKey),
  };
}
