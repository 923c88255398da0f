import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { KeyRingEntity } from '@plexsphere/store';
import { problem, type Scope } from '@plexsphere/wire';
import type { EnrollTokenReply, RevokeEnrollTokenReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { CommandTransactions } from '../transactions/command-transactions';
import type { RequestIdentity } from '../transactions/requests';
import { nodeScopes } from '../transactions/scope-lock';
import { writeAudit } from '../transactions/write-audit';

interface NewEnrolToken {
  scope: Scope;
  /** SHA-256 of the token, which nobody here has seen. */
  hash: string;
  lifeSeconds: number;
}

/** Tokens by which Nodes register over HTTP, each once. */
@Injectable()
export class EnrolTokens {
  constructor(
    private readonly database: DataSource,
    private readonly transactions: CommandTransactions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Problem unknownScope; tokenExists where somebody has drawn the same */
  make(token: NewEnrolToken, identity: RequestIdentity): Promise<EnrollTokenReply> {
    const { scope } = token;
    return this.transactions.once(identity, { shared: nodeScopes(scope) }, async (manager) => {
      if (!(await manager.existsBy(KeyRingEntity, { scope }))) throw problem('unknownScope', { field: 'scope' });
      const id = randomUUID();
      const expiresAt = await insert(manager, id, token, identity.actor);
      const reply = { id, scope, expires_at: expiresAt.toISOString() };
      await writeAudit(manager, identity, { scope, after: reply });
      this.logger.info({ scope, token: id }, 'enrolment token made');
      return reply;
    });
  }

  /**
   * From now on nobody comes with it, whoever has before neither. The Node that it made stays.
   * @throws Problem unknownToken, of another scope than the one that is named, too
   */
  revoke(id: string, scope: Scope | undefined, identity: RequestIdentity): Promise<RevokeEnrollTokenReply> {
    return this.transactions.oncePrepared(identity, {
      prepare: () => scopeOf(this.database.manager, id, scope),
      lock: (ofToken) => ({ shared: nodeScopes(ofToken) }),
      work: async (manager, ofToken) => {
        const { wasRevoked, revokedAt, nodeId } = await markRevoked(manager, id);
        const reply = { id, scope: ofToken, revoked_at: revokedAt.toISOString(), node_id: nodeId };
        // Somebody already did: the answer is the same, and nothing changes.
        if (wasRevoked) return reply;
        await writeAudit(manager, identity, { scope: ofToken, after: reply });
        this.logger.info({ scope: ofToken, token: id }, 'enrolment token revoked');
        return reply;
      },
    });
  }
}

async function insert(
  manager: EntityManager,
  id: string,
  { scope, hash, lifeSeconds }: NewEnrolToken,
  by: string,
): Promise<Date> {
  const [row] = await manager.query<{ expiresAt: Date }[]>(
    `WITH clock AS (SELECT date_trunc('milliseconds', clock_timestamp()) AS now)
     INSERT INTO ring.enrol_token (id, scope, token_hash, created_at, expires_at, created_by)
     SELECT $1, $2, decode($3, 'hex'), now, now + $4 * interval '1 s', $5 FROM clock
     ON CONFLICT (token_hash) DO NOTHING RETURNING expires_at AS "expiresAt"`,
    [id, scope, hash, lifeSeconds, by],
  );
  if (row === undefined) throw problem('tokenExists', { field: 'token_hash' });
  return row.expiresAt;
}

async function scopeOf(manager: EntityManager, id: string, named: Scope | undefined): Promise<Scope> {
  const [token] = await manager.query<{ scope: Scope }[]>(
    `SELECT scope FROM ring.enrol_token WHERE id = $1 AND ($2::text IS NULL OR scope = $2)`,
    [id, named ?? null],
  );
  if (token === undefined) throw problem('unknownToken', { field: 'id' });
  return token.scope;
}

interface Revoked {
  wasRevoked: boolean;
  revokedAt: Date;
  nodeId: string | null;
}

/** Whoever registers with it at this moment is first, or comes with a token that is over. */
async function markRevoked(manager: EntityManager, id: string): Promise<Revoked> {
  const [rows] = await manager.query<[Revoked[], number]>(
    `WITH before AS (SELECT revoked_at FROM ring.enrol_token WHERE id = $1 FOR UPDATE)
     UPDATE ring.enrol_token AS token
        SET revoked_at = coalesce(before.revoked_at, date_trunc('milliseconds', clock_timestamp()))
       FROM before WHERE token.id = $1
     RETURNING before.revoked_at IS NOT NULL AS "wasRevoked", token.revoked_at AS "revokedAt", token.node_id AS "nodeId"`,
    [id],
  );
  if (rows[0] === undefined) throw problem('unknownToken', { field: 'id' });
  return rows[0];
}

/** Nobody comes with them any more; the audit log keeps that they were. */
export const OLD_ENROL_TOKENS = `FROM ring.enrol_token WHERE expires_at < statement_timestamp() - interval '1 day'`;

export const forgetOldEnrolTokens = (manager: EntityManager): Promise<unknown> =>
  manager.query(`DELETE ${OLD_ENROL_TOKENS}`);
