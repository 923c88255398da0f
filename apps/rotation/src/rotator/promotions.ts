import type { RequestIdentity } from '../transactions/requests';
import type { Scope } from '@plexsphere/wire';
import { problem } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

/** A staged key that is to sign once enough Nodes have it. */
interface NewPromotion {
  scope: Scope;
  keyId: string;
  percent: number;
  deadline: Date;
  reason: string | null;
  /** By the database's clock. */
  at: Date;
  identity: RequestIdentity;
}

/** Under the scope's lock. One is pending a scope: whoever asks again asks otherwise. */
export const askPromotion = async (
  manager: EntityManager,
  { scope, keyId, percent, deadline, reason, at, identity }: NewPromotion,
): Promise<void> => {
  await manager.query(
    `UPDATE ring.promotion SET outcome = 'dropped', ended_at = $2, end_reason = 'asked for otherwise'
      WHERE scope = $1 AND outcome IS NULL`,
    [scope, at],
  );
  await manager.query(
    `INSERT INTO ring.promotion (scope, key_id, percent, deadline, reason, asked_at, actor, request_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [scope, keyId, percent, deadline, reason, at, identity.actor, identity.requestId],
  );
};

/** In the rotate's own transaction, so that of a promotion and its end one commits. @throws Problem where it has ended */
export async function takePromotion(manager: EntityManager, scope: Scope, keyId: string, at: Date): Promise<void> {
  const taken = await manager.query<[unknown[], number]>(
    `UPDATE ring.promotion SET outcome = 'rotated', ended_at = $3
      WHERE scope = $1 AND key_id = $2 AND outcome IS NULL AND deadline > $3 RETURNING id`,
    [scope, keyId, at],
  );
  if (taken[1] !== 1) throw problem('epochMismatch', { reason: 'the promotion has ended' });
}

/** Whether there was one to drop. */
export async function dropPromotion(manager: EntityManager, scope: Scope, at: Date, reason: string): Promise<boolean> {
  const dropped = await manager.query<[unknown[], number]>(
    `UPDATE ring.promotion SET outcome = 'dropped', ended_at = $2, end_reason = $3
      WHERE scope = $1 AND outcome IS NULL RETURNING id`,
    [scope, at, reason],
  );
  return dropped[1] === 1;
}

/** A promotion is of the staged key and goes with it, in the transaction in which that leaves its state, by whomever. */
export const endPromotionWith = (
  manager: EntityManager,
  { scope, stagedKeyId, activeKeyId, at }: { scope: Scope; stagedKeyId: string | null; activeKeyId: string; at: Date },
): Promise<unknown> =>
  manager.query(
    `UPDATE ring.promotion
        SET outcome = CASE WHEN key_id = $3 THEN 'rotated' ELSE 'dropped' END, ended_at = $4,
            end_reason = CASE WHEN key_id = $3 THEN NULL ELSE 'the key is not staged any more' END
      WHERE scope = $1 AND outcome IS NULL AND key_id IS DISTINCT FROM $2`,
    [scope, stagedKeyId, activeKeyId, at],
  );
