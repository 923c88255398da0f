import type { Held } from '../folder/edge-folder';
import type { EdgeStatus } from '../types';
import { fingerprint } from './fingerprint';
import { expiryOf } from './key-engine';

/** What the host knows without asking anybody. */
export function statusOf(held: Held, { now, connected }: { now: Date; connected: boolean | null }): EdgeStatus {
  const { identity, creds, pending, standing, archive } = held;
  const { nodeId, scope, name } = identity;
  const { key, claims, generation, rotateAfter } = creds;
  return {
    ...{ node_id: nodeId, scope, name },
    ...{ status: standing.status, connected, generation },
    public_key: key.keyId,
    key_fingerprint: fingerprint(key.keyId),
    token_expires: expiryOf(claims.expiresAt),
    rotate_after: rotateAfter,
    overdue: rotateAfter !== null && Date.parse(rotateAfter) <= now.getTime(),
    pending: pending?.kind ?? null,
    contested_since: standing.contestedSince,
    archive,
  };
}
