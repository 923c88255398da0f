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
  /** `node_key`: of a Node that goes on by another key or token, so that the time counts to the second, and stays listed. */
  kind: 'node' | 'node_key' | 'operator' | 'service';
  revokedAt: Date;
  /** When the last credential of this key ends by itself; null where it does not. */
  expiresAt: Date | null;
  /** From when on the bus is to refuse it; without it from `revokedAt` on. */
  dueAt?: Date;
  /** False: it gave way to another one, and is pushed together with others. */
  urgent?: boolean;
}

/**
 * Enters it in the caller's transaction; the Revocations of any replica see to the rest. Nothing is ever taken back: of two
 * revocations of one key both stand, and the later one counts.
 */
export const revokeBusUser = (manager: EntityManager, user: RevokedUser): Promise<unknown> =>
  manager.query(
    `INSERT INTO ring.bus_revocation (public_key, kind, revoked_at, expires_at, due_at, urgent)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
    [user.publicKey, user.kind, user.revokedAt, user.expiresAt, user.dueAt ?? user.revokedAt, user.urgent ?? true],
  );

/** What was to end in a while ends now: whoever it gave way to has said so. */
export const revokeSooner = (manager: EntityManager, publicKey: string): Promise<unknown> =>
  manager.query(
    `UPDATE ring.bus_revocation SET due_at = clock_timestamp()
      WHERE public_key = $1 AND kind = 'node_key' AND signed_at IS NULL AND due_at > clock_timestamp()`,
    [publicKey],
  );
