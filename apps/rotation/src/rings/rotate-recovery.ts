import { Injectable } from '@nestjs/common';
import type { RingChange } from '@plexsphere/keyring';
import { InstallationEntity } from '@plexsphere/store';
import { PLATFORM } from '@plexsphere/wire';
import type { RecoveryRotate, RecoveryRotateReply } from '@plexsphere/wire/commands';
import { readStatement } from '@plexsphere/wire/jws';
import { DataSource } from 'typeorm';
import type { RequestIdentity } from '../transactions/requests';
import { ChangeRing, type Changed } from './change-ring';
import { changedReply } from './changed-reply';
import { readGiven } from './given-statement';
import { ChangeDecisions } from './change-decisions';

/** Another recovery key, by a statement of the present one and of itself. */
@Injectable()
export class RotateRecovery {
  constructor(
    private readonly database: DataSource,
    private readonly rings: ChangeRing,
    private readonly decisions: ChangeDecisions,
  ) {}

  async rotate({ statement, reason }: RecoveryRotate, identity: RequestIdentity): Promise<RecoveryRotateReply> {
    const { recoveryKeyId } = await this.database.manager.findOneByOrFail(InstallationEntity, { onlyRow: true });
    const decide = this.decisions.recover(recoveryKeyId, readGiven(statement).new_key_id);
    const detail = (_: unknown, { statement: terms }: RingChange) => ({
      former: terms?.oldKeyId,
      now: terms?.newKeyId,
    });
    const command = { scope: PLATFORM, reason, decide, given: statement, detail, reply: asReply };
    return this.rings.change(command, identity);
  }
}

const asReply = (changed: Changed<RingChange>) => {
  const { new_key_id, new_public_key } = readStatement(changed.statement?.text ?? '');
  return { ...changedReply(changed), recovery_key_id: new_key_id, recovery_public_key: new_public_key };
};
