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

/** Enters it in the caller's transaction; the Revocations of any replica see to the rest. Of two the later one counts. */
export const revokeBusUser = (manager: EntityManager, user: RevokedUser): Promise<unknown> =>
  manager.query(
    `INSERT INTO ring.bus_revocation AS stored (public_key, kind, revoked_at, expires_at, due_at)
     VALUES ($1, $2, $3, $4, $3::timestamptz + $5 * interval '1 millisecond')
     ON CONFLICT (public_key) DO UPDATE SET
       revoked_at = greatest(stored.revoked_at, excluded.revoked_at),
       expires_at = CASE WHEN stored.expires_at IS NULL OR excluded.expires_at IS NULL THEN NULL
                         ELSE greatest(stored.expires_at, excluded.expires_at) END,
       due_at = least(stored.due_at, excluded.due_at),
       signed_at = NULL`,
    [user.publicKey, user.kind, user.revokedAt, user.expiresAt, user.dueAfterMs ?? 0],
  );
