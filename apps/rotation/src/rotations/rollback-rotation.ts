import { Injectable } from '@nestjs/common';
import type { RingChange, Transition } from '@plexsphere/keyring';
import type { Scope } from '@plexsphere/wire';
import type { RollbackReply } from '@plexsphere/wire/commands';
import { ChangeRing, type Changed } from '../rings/change-ring';
import { changedReply } from '../rings/changed-reply';
import { ChangeDecisions, type ToRollBack } from '../rings/change-decisions';
import type { RequestIdentity } from '../transactions/requests';

interface RollingBack extends Omit<ToRollBack, 'byRecoveryKey'> {
  scope: Scope;
  reason: string | null;
  /** By the recovery key, where that vouches. */
  statement: string | undefined;
}

/** The old key of the open rotation signs again. */
@Injectable()
export class RollbackRotation {
  constructor(
    private readonly rings: ChangeRing,
    private readonly decisions: ChangeDecisions,
  ) {}

  rollback({ scope, reason, statement, ...named }: RollingBack, identity: RequestIdentity): Promise<RollbackReply> {
    const decide = this.decisions.rollback({ ...named, byRecoveryKey: statement !== undefined });
    return this.rings.change({ scope, reason, decide, given: statement, reply: asReply }, identity);
  }
}

const asReply = (changed: Changed<RingChange<Transition>>): Omit<RollbackReply, 'confirmed' | 'lapsed'> => {
  const { transition, statement } = changed.after;
  return {
    ...changedReply(changed),
    old_key_id: transition.oldKeyId,
    new_key_id: transition.newKeyId,
    outcome: 'rolled_back',
    settles_at: (statement?.transitionExpires ?? changed.at).toISOString(),
  };
};
