import { Injectable } from '@nestjs/common';
import { isOpen, type RingChange } from '@plexsphere/keyring';
import { Problem, type Scope } from '@plexsphere/wire';
import type { RevokeReply } from '@plexsphere/wire/commands';
import { AfterCommit } from '../rotations/after-commit';
import { CommandTransactions } from '../transactions/command-transactions';
import type { RequestIdentity } from '../transactions/requests';
import { ChangeRing, type Changed } from './change-ring';
import { changedReply } from './changed-reply';
import { ChangeDecisions, type ToRevoke } from './change-decisions';
import { findDoneRevoke, type CommittedRevoke } from './done-revoke';

export interface Revoking extends ToRevoke {
  scope: Scope;
  reason: string;
  /** By the recovery key, where that vouches. */
  statement: string | undefined;
}

/** A key is thrown out, at once and for good, and nothing of it is needed for that. */
@Injectable()
export class RevokeKey {
  constructor(
    private readonly rings: ChangeRing,
    private readonly decisions: ChangeDecisions,
    private readonly afterCommit: AfterCommit,
    private readonly transactions: CommandTransactions,
  ) {}

  async revoke(revoking: Revoking, identity: RequestIdentity): Promise<RevokeReply> {
    try {
      return await this.throwOut(revoking, identity);
    } catch (error) {
      if (!(error instanceof Problem && error.is('keyRevoked'))) throw error;
      const committed = await this.transactions.once(identity, { shared: [revoking.scope] }, async (manager) => {
        const done = await findDoneRevoke(manager, revoking);
        if (done === undefined) throw error;
        return done.reply;
      });
      return { ...committed, ...(await this.afterCommit.finish(committed)) };
    }
  }

  private throwOut({ scope, reason, statement, ...asked }: Revoking, identity: RequestIdentity): Promise<RevokeReply> {
    const decide = this.decisions.revoke(asked);
    const detail = (_: unknown, { gone }: RingChange) => ({ revoked: asked.keyId, gone });
    const reply = (changed: Changed<RingChange>) => ({
      ...asReply(changed, asked.keyId),
      known_by: this.decisions.knownFrom(changed.after, changed.before, changed.at)?.toISOString() ?? null,
    });
    return this.rings.change({ scope, reason, decide, given: statement, detail, reply }, identity);
  }
}

const asReply = (changed: Changed<RingChange>, keyId: string): Omit<CommittedRevoke, 'known_by'> => {
  const { before, after } = changed;
  return {
    ...changedReply(changed),
    revoked_key_id: keyId,
    replaced: before.ring.keys.some((key) => key.keyId === keyId && key.state === 'active'),
    gone: [...after.gone],
    ended_rotation: isOpen(before.transition)
      ? { old_key_id: before.transition.oldKeyId, new_key_id: before.transition.newKeyId, outcome: 'revoked' }
      : null,
  };
};
