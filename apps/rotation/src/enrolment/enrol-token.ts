import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { KeyRingEntity } from '@plexsphere/store';
import { problem, type Scope } from '@plexsphere/wire';
import type { EnrollTokenReply } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import { CommandTransactions } from '../transactions/command-transactions';
import type { RequestIdentity } from '../transactions/requests';
import { nodeScopes } from '../transactions/scope-lock';
import { writeAudit } from '../transactions/write-audit';

export interface NewEnrolToken {
  scope: Scope;
  /** SHA-256 of the token, which nobody here has seen. */
  hash: string;
  lifeSeconds: number;
}

/** Tokens by which Nodes register over HTTP, each once. */
@Injectable()
export class EnrolTokens {
  constructor(
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

/** Nobody comes with them any more; the audit log keeps that they were. */
export const forgetOldEnrolTokens = (manager: EntityManager): Promise<unknown> =>
  manager.query(`DELETE FROM ring.enrol_token WHERE expires_at < clock_timestamp() - interval '1 day'`);
