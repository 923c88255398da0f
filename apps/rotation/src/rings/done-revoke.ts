import type { Scope } from '@plexsphere/wire';
import type { RevokeReply, Switched } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';

export type CommittedRevoke = Omit<RevokeReply, keyof Switched>;

interface DoneRevoke {
  reply: CommittedRevoke;
  doneAt: Date;
}

/**
 * What a revoke of this key was answered, for as long as answers are kept: whoever throws out what has been thrown out is
 * answered the same. By the audit log, which names its request, and which has few revokes of one ring. Whoever reads the
 * log may take that id for a request of their own once it is forgotten: only what this actor was answered to a revoke counts.
 */
export async function findDoneRevoke(
  manager: EntityManager,
  { scope, keyId }: { scope: Scope; keyId: string },
): Promise<DoneRevoke | undefined> {
  const [done] = await manager.query<DoneRevoke[]>(
    `SELECT request.reply, audit.happened_at AS "doneAt" FROM ring.audit JOIN ring.request USING (request_id, actor)
      WHERE audit.scope = $1 AND audit.action = 'signing.revoke' AND audit.detail ->> 'revoked' = $2
        AND request.command = audit.action`,
    [scope, keyId],
  );
  return done;
}
