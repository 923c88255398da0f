import { Injectable } from '@nestjs/common';
import { namesOf, senders, settlingKeys, type RingChange, type Transition } from '@plexsphere/keyring';
import type { Scope } from '@plexsphere/wire';
import type { RollbackReply } from '@plexsphere/wire/commands';
import { ChangeRing, type Changed } from '../rings/change-ring';
import { changedReply } from '../rings/changed-reply';
import { ChangeDecisions, isProvenFirst, type ToRollBack } from '../rings/change-decisions';
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
  const { before, after, at } = changed;
  const { ring, transition, statement } = after;
  const [settling] = isProvenFirst(before) ? settlingKeys(ring, transition) : [];
  return {
    ...changedReply(changed),
    old_key_id: transition.oldKeyId,
    new_key_id: transition.newKeyId,
    outcome: 'rolled_back',
    settles_at: (settling?.verifiesUntil ?? statement?.transitionExpires ?? at).toISOString(),
    ...(isProvenFirst(before) && {
      waiting_for: settling === undefined ? [] : namesOf(senders(before.members)),
    }),
  };
};
