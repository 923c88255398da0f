/**
 * What is said of a secret in place of the secret: base64 of HMAC-SHA256 by it, over texts that no caller signs (a webhook's
 * begins with its id, a call's with a quote).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Scope } from '../scope';

const mac = (secret: Uint8Array, ...lines: (string | number)[]): string =>
  createHmac('sha256', secret).update(lines.join('\n')).digest('base64');

/** Stands where another key has its public half: who holds the secret can compare it, and nobody can go back from it. */
export const checkValue = (secret: Uint8Array, scope: Scope, keyId: string): string =>
  mac(secret, 'plexsphere-channel-check', scope, keyId);

/** What a proof speaks of. */
export interface Proven {
  scope: Scope;
  keyId: string;
  /** Of the ring as the member holds it. */
  epoch: number;
  /** The member. */
  nodeId: string;
}

/** That this member holds this secret: another's is another text. */
export const channelProof = (secret: Uint8Array, { scope, keyId, epoch, nodeId }: Proven): string =>
  mac(secret, 'plexsphere-channel-proof', scope, keyId, epoch, nodeId);

/** Whether two of these texts are the same, in a time that does not tell where they differ. */
export function isSameMac(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
