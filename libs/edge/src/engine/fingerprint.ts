import { createHash } from 'node:crypto';
import { decodeBusPublicKey } from '@plexsphere/wire';

/** As OpenSSH writes a key's: over the raw key, base64 without padding. */
export const fingerprint = (publicKey: string): string =>
  `SHA256:${createHash('sha256')
    .update(decodeBusPublicKey('user', publicKey) ?? '')
    .digest('base64')
    .replace(/=+$/, '')}`;
