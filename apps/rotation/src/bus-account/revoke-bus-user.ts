import type { EntityManager } from 'typeorm';

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
