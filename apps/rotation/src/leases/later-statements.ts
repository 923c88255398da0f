import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { InstallationEntity, LaterStatementEntity, SigningKeyEntity } from '@plexsphere/store';
import { PLATFORM, publicKeyFromText, type Scope, type TrustedKey } from '@plexsphere/wire';
import { JwsError, anchorOfRing, readStatement, walkChain, type Statement } from '@plexsphere/wire/jws';
import { DataSource, type EntityManager } from 'typeorm';
import { readRing, type StoredRing } from '../rings/read-ring';
import { ringView } from '../rings/ring-view';
import { LEASE_DATABASE } from '../transactions/pools';

/**
 * Proofs that a ring has had a later epoch than this database knows: it was restored from a backup, or a failover lost
 * commits. Such a scope is not served until an operator has decided; a number that nothing proves stops nobody.
 */
@Injectable()
export class LaterStatements {
  constructor(
    @Inject(LEASE_DATABASE) private readonly database: DataSource,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Takes what proves a later epoch, and passes over the rest. */
  async take(holder: string, statements: Record<Scope, string>): Promise<void> {
    const { manager } = this.database;
    for (const [scope, text] of Object.entries(statements)) {
      const statement = await proven(manager, scope, text);
      if (statement === undefined) continue;
      const kept = await manager.query<unknown[]>(
        `INSERT INTO ring.later_statement (scope, epoch, statement, shown_by)
         SELECT scope, $2, $3, $4 FROM ring.key_ring WHERE scope = $1 AND epoch < $2
         ON CONFLICT (scope) DO NOTHING RETURNING scope`,
        [scope, statement.epoch, text, holder],
      );
      if (kept.length === 1)
        this.logger.error({ scope, epoch: statement.epoch, holder }, 'epoch went back, scope stopped');
    }
  }

  /** Scopes that are not served. */
  async stopped(): Promise<Set<Scope>> {
    const rows = await this.database.manager.find(LaterStatementEntity, { select: { scope: true } });
    return new Set(rows.map(({ scope }) => scope));
  }
}

/** In the caller's transaction: a second connection for it could wait for the first. */
export const hasLaterStatement = (manager: EntityManager, scope: Scope): Promise<boolean> =>
  manager.existsBy(LaterStatementEntity, { scope });

/**
 * The statement, if it continues the ring as this database has it: after its head, by whoever may vouch for what comes next
 * there. One by a key that has left, after the statement that this key came with, is no sign of a restore: it is what a
 * thief of an old key would make to have the scope stopped.
 */
async function proven(manager: EntityManager, scope: Scope, text: string): Promise<Statement | undefined> {
  const ring = await readRing(manager, scope);
  if (ring === undefined || ring.head === null) return undefined;
  try {
    const statement = readStatement(text);
    if (statement.epoch <= ring.ring.epoch) return undefined;
    const superior = await superiorOf(manager, ring);
    walkChain(scope, [text], anchorOfRing(ringView(ring)), () => superior);
    return statement;
  } catch (error) {
    if (error instanceof JwsError) return undefined;
    throw error;
  }
}

/** Of the platform the recovery key; of any other ring the platform's key that is active here. */
async function superiorOf(manager: EntityManager, { policy }: StoredRing): Promise<TrustedKey | undefined> {
  if (policy.superior === 'recovery_key') {
    const { recoveryKeyId, recoveryPublicKey } = await manager.findOneByOrFail(InstallationEntity, { onlyRow: true });
    return { keyId: recoveryKeyId, publicKey: publicKeyFromText(recoveryPublicKey) };
  }
  const key = await manager.findOneBy(SigningKeyEntity, { scope: PLATFORM, state: 'active' });
  return key === null ? undefined : { keyId: key.keyId, publicKey: publicKeyFromText(key.publicKey) };
}
