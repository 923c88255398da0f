import { createHash } from 'node:crypto';
import type { SinkKey, Use } from '../src/sink-key';

/** The same secret of one id each time. */
export const secretOf = (keyId: string): Buffer => createHash('sha256').update(`secret of ${keyId}`).digest();

/** A ring's keys, newest first; `*` marks the one that signs: `k3 *k2 k1`. */
export const ring = (text: string, use: Use = 'verify'): SinkKey[] =>
  text
    .split(' ')
    .filter((each) => each !== '')
    .map((each) => {
      const keyId = each.replace('*', '');
      return { keyId, secret: secretOf(keyId), use, active: each.startsWith('*') };
    });

export const hex = (keyId: string): string => secretOf(keyId).toString('hex');

/** What a map of these ids looks like, and of others beside them. */
export const map = (text: string, others: Record<string, string> = {}): string =>
  JSON.stringify({ ...Object.fromEntries(ring(text).map(({ keyId }) => [keyId, hex(keyId)])), ...others });
