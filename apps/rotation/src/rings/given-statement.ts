import { Injectable } from '@nestjs/common';
import type { RingChange } from '@plexsphere/keyring';
import { InstallationEntity } from '@plexsphere/store';
import { problem, publicKeyFromText, type AlgorithmName } from '@plexsphere/wire';
import {
  JwsError,
  STATEMENT_TYPES,
  readStatement,
  statementHash,
  verifyStatement,
  type Statement,
} from '@plexsphere/wire/jws';
import { DataSource, type EntityManager } from 'typeorm';
import { Preparation, type Prepared } from '../rotations/preparation';
import { PreparedKeys } from '../rotations/prepared-keys';
import { statedTerms, takesOver } from './change-terms';
import type { StoredRing } from './read-ring';

/** Statements by the recovery key, as an operator sends them: that key never comes here, so nothing of theirs is believed. */
@Injectable()
export class GivenStatements {
  constructor(
    private readonly database: DataSource,
    private readonly preparation: Preparation,
    private readonly preparedKeys: PreparedKeys,
  ) {}

  /**
   * What it says is what the domain decides, the recovery key that is valid now vouches for it, and the key ahead is one that
   * a signer made.
   * @throws Problem wrongRecoveryKey, epochMismatch, invariantViolation field `statement`; UNAVAILABLE as Preparation
   */
  async prepared(text: string, before: StoredRing, after: RingChange): Promise<Prepared> {
    const { type, terms } = statedTerms(after);
    if (!terms.bySuperior || before.policy.superior !== 'recovery_key') throw foreign('authority');
    const statement = readGiven(text);
    await this.requireRecoveryKey(text);
    if (statement.epoch !== after.ring.epoch) throw problem('epochMismatch', { epoch: before.ring.epoch });
    requireSame(statement, after);
    const { scope, new_key_id: keyId, new_public_key: publicKey, next } = statement;
    if (STATEMENT_TYPES[type].next === 'made_anew' && !(await this.preparedKeys.wasMade(scope, next ?? ''))) {
      throw foreign('next');
    }
    const comesIn = terms.introduces && type !== 'recovery';
    const held = takesOver(before, after);
    return {
      key: comesIn ? { algorithm: before.policy.algorithm as AlgorithmName, publicKey } : null,
      statement: { text, hash: statementHash(text), next, bySuperior: true, authorityEpoch: null },
      unready: comesIn
        ? await this.preparation.tried(scope, { keyId, publicKey })
        : held === null
          ? []
          : await this.preparation.tried(scope, held),
    };
  }

  private async requireRecoveryKey(text: string): Promise<void> {
    const { recoveryPublicKey } = await this.database.manager.findOneByOrFail(InstallationEntity, { onlyRow: true });
    try {
      await verifyStatement(text, publicKeyFromText(recoveryPublicKey));
    } catch (error) {
      throw error instanceof JwsError ? problem('wrongRecoveryKey') : error;
    }
  }
}

/** @throws Problem invariantViolation, field `statement` */
export function readGiven(text: string): Statement {
  try {
    return readStatement(text);
  } catch (error) {
    throw error instanceof JwsError ? foreign(error.code) : error;
  }
}

/** In the commit: a recovery key that has signed is exposed from then on; one that replaces it is not. */
export async function recordRecovery(manager: EntityManager, text: string): Promise<void> {
  const { type, new_key_id: keyId, new_public_key: publicKey } = readStatement(text);
  await (type === 'recovery'
    ? manager.query(
        'UPDATE ring.installation SET recovery_key_id = $1, recovery_public_key = $2, recovery_used_at = NULL',
        [keyId, publicKey],
      )
    : manager.query('UPDATE ring.installation SET recovery_used_at = clock_timestamp()'));
}

function requireSame(statement: Statement, after: RingChange): void {
  const { type, terms } = statedTerms(after);
  const isSame =
    statement.type === type &&
    statement.scope === after.ring.scope &&
    statement.old_key_id === terms.oldKeyId &&
    statement.new_key_id === terms.newKeyId &&
    statement.closes_at === (terms.closesAt?.toISOString() ?? null) &&
    statement.transition_expires === (terms.transitionExpires?.toISOString() ?? null);
  if (!isSame) throw foreign('terms');
}

const foreign = (reason: string) => problem('invariantViolation', { field: 'statement', reason });
