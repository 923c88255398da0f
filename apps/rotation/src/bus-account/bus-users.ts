import type { EntityManager } from 'typeorm';

/**
 * Enters a bus key as taken; false where a service, an operator or a Node has it, or ever had. Whoever enrolled a Node by
 * another's key and removed the Node would cut that other one off.
 */
export async function takeBusKey(manager: EntityManager, publicKey: string): Promise<boolean> {
  const taken = await manager.query<unknown[]>(
    'INSERT INTO ring.bus_user (public_key) VALUES ($1) ON CONFLICT DO NOTHING RETURNING public_key',
    [publicKey],
  );
  return taken.length === 1;
}

/** Whose credentials are let in no more. */
export interface RevokedUser {
  publicKey: string;
  kind: 'node' | 'operator' | 'service';
  revokedAt: Date;
  /** When the last credential of this key ends by itself; null where it does not. */
  expiresAt: Date | null;
  /** How long after `revokedAt` the bus is told. */
  dueAfterMs?: number;
}

/**
 * Enters it in the caller's transaction; the Revocations of any replica see to the rest. Nothing is ever changed: of two
 * revocations of one key both stand, and the later one counts.
 */
export const revokeBusUser = (manager: EntityManager, user: RevokedUser): Promise<unknown> =>
  manager.query(
    `INSERT INTO ring.bus_revocation (public_key, kind, revoked_at, expires_at, due_at)
     VALUES ($1, $2, $3, $4, $3::timestamptz + $5 * interval '1 millisecond') ON CONFLICT DO NOTHING`,
    [user.publicKey, user.kind, user.revokedAt, user.expiresAt, user.dueAfterMs ?? 0],
  );
