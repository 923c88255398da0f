import { Injectable } from '@nestjs/common';
import { propagatedAt, stagedKey, type RingChange } from '@plexsphere/keyring';
import type { Scope } from '@plexsphere/wire';
import type { StageReply, UnstageReply } from '@plexsphere/wire/commands';
import type { RequestIdentity } from '../transactions/requests';
import { ChangeRing, type Beside, type Changed } from './change-ring';
import { changedReply } from './changed-reply';
import { ChangeDecisions, type ToStage } from './change-decisions';

interface Staging extends ToStage {
  scope: Scope;
  reason: string | null;
  beside?: Beside;
}

interface Unstaging {
  scope: Scope;
  /** The one that is staged, unless it is named. */
  keyId: string | undefined;
  reason: string | null;
}

/** A key is published before it signs, or taken back before it has signed. */
@Injectable()
export class StageKey {
  constructor(
    private readonly rings: ChangeRing,
    private readonly decisions: ChangeDecisions,
  ) {}

  stage({ scope, reason, beside, ...asked }: Staging, identity: RequestIdentity): Promise<StageReply> {
    const decide = this.decisions.stage(asked);
    return this.rings.change({ scope, reason, decide, beside, reply: (changed) => this.staged(changed) }, identity);
  }

  unstage({ scope, reason, keyId }: Unstaging, identity: RequestIdentity): Promise<UnstageReply> {
    const decide = this.decisions.unstage(keyId);
    const reply = (changed: Changed<RingChange>) => ({
      ...changedReply(changed),
      unstaged_key_id: changed.after.statement?.oldKeyId ?? '',
    });
    return this.rings.change({ scope, reason, decide, reply }, identity);
  }

  private staged(changed: Changed<RingChange>): Omit<StageReply, 'confirmed' | 'lapsed'> {
    const key = stagedKey(changed.after.ring);
    const { stagedAt = null, rotateBy = null, verifiesUntil = null } = key ?? {};
    if (key === undefined || stagedAt === null || rotateBy === null || verifiesUntil === null) {
      throw new Error('nothing is staged');
    }
    return {
      ...changedReply(changed),
      staged_key_id: key.keyId,
      staged_at: stagedAt.toISOString(),
      propagated_at: propagatedAt(key, this.decisions.terms(changed.before)).toISOString(),
      rotate_by: rotateBy.toISOString(),
      transition_expires: verifiesUntil.toISOString(),
    };
  }
}
