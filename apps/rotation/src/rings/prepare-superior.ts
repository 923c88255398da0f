import { Injectable } from '@nestjs/common';
import { InstallationEntity } from '@plexsphere/store';
import { SIGNING_DURATION_MS, problem, type AlgorithmName } from '@plexsphere/wire';
import type {
  PrepareStatement,
  PrepareStatementReply,
  PrepareSuperior,
  PrepareSuperiorReply,
} from '@plexsphere/wire/commands';
import type { Statement } from '@plexsphere/wire/jws';
import { DataSource } from 'typeorm';
import { Signers } from '../leases/signers';
import { statementRequest } from '../rotations/preparation';
import { PreparedKeys } from '../rotations/prepared-keys';
import { databaseNow } from '../transactions/database-clock';
import { statedTerms } from './change-terms';
import { existing, snapshotRing, type StoredRing } from './read-ring';
import { ChangeDecisions, type Decision } from './change-decisions';
import { ringView } from './ring-view';

/** What the recovery key is to vouch for, made ready as far as others than its holder can. Nothing of a ring changes. */
@Injectable()
export class PrepareSuperiorStatement {
  constructor(
    private readonly database: DataSource,
    private readonly decisions: ChangeDecisions,
    private readonly signers: Signers,
    private readonly preparedKeys: PreparedKeys,
  ) {}

  /** @throws Problem as the command that it is for, which asks the same decision again */
  async prepare(request: PrepareSuperior): Promise<PrepareSuperiorReply> {
    const { scope } = request;
    const before = await existing(snapshotRing(this.database, scope));
    if (before.policy.superior !== 'recovery_key') throw problem('invariantViolation', { field: 'scope' });
    const { recoveryKeyId, recoveryPublicKey } = await this.database.manager.findOneByOrFail(InstallationEntity, {
      onlyRow: true,
    });
    const recovery = { recovery_key_id: recoveryKeyId, recovery_public_key: recoveryPublicKey };
    const openedAt = await databaseNow(this.database.manager);
    const after = this.decision(request, recoveryKeyId)(before, openedAt);
    if (request.type === 'recovery') {
      return { statement: recoveryStatement(request, before, recovery, openedAt), possession: null, ...recovery };
    }
    const { type, terms } = statedTerms(after);
    await this.preparedKeys.record(scope, ...(terms.introduces ? [terms.newKeyId] : []));
    const asked: PrepareStatement = {
      ...statementRequest({ type, scope, terms, openedAt, epoch: after.ring.epoch, authority: before.ring }),
      ...(terms.introduces ? { algorithm: before.policy.algorithm as AlgorithmName } : {}),
      duration_ms: SIGNING_DURATION_MS,
    };
    const { statement, possession } = await this.signers.askAny<PrepareStatementReply>('prepare-statement', asked);
    if (statement.next !== null) await this.preparedKeys.recordAhead(scope, statement.next);
    return { statement, possession, ...recovery };
  }

  private decision(request: PrepareSuperior, recoveryKeyId: string): Decision {
    const { type, key_id: keyId = '', new_key_id: newKeyId, discard_staged: discardStaged = false } = request;
    switch (type) {
      case 'revoke':
        return this.decisions.revoke({ keyId, newKeyId, discardStaged });
      case 'rollback':
        return this.decisions.rollback({ oldKeyId: undefined, newKeyId: undefined, byRecoveryKey: true });
      case 'recommit':
        return this.decisions.recommit();
      case 'recovery':
        return this.decisions.recover(recoveryKeyId, newKeyId ?? '');
    }
  }
}

/** No signer has a part in it: both keys are the operator's. */
function recoveryStatement(
  { scope, new_key_id: newKeyId, new_public_key: newPublicKey }: PrepareSuperior,
  before: StoredRing,
  recovery: { recovery_key_id: string; recovery_public_key: string },
  openedAt: Date,
): Statement {
  if (newKeyId === undefined) throw problem('invariantViolation', { field: 'new_key_id' });
  if (newPublicKey === undefined || newPublicKey === recovery.recovery_public_key) {
    throw problem('invariantViolation', { field: 'new_public_key' });
  }
  const { epoch, next, statement_hash: previous } = ringView(before);
  return {
    ...{ type: 'recovery', scope, epoch: epoch + 1, authority_epoch: null },
    ...{ old_key_id: recovery.recovery_key_id, old_public_key: recovery.recovery_public_key },
    ...{ new_key_id: newKeyId, new_public_key: newPublicKey },
    ...{ opened_at: openedAt.toISOString(), closes_at: null, transition_expires: null, next, previous },
  };
}
