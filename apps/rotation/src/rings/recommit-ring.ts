import { Injectable } from '@nestjs/common';
import type { RingChange } from '@plexsphere/keyring';
import type { Scope } from '@plexsphere/wire';
import type { RecommitReply } from '@plexsphere/wire/commands';
import type { RequestIdentity } from '../transactions/requests';
import { ChangeRing, type Changed } from './change-ring';
import { changedReply } from './changed-reply';
import { ChangeDecisions } from './change-decisions';

interface Recommitting {
  scope: Scope;
  reason: string;
  /** By the recovery key, where that vouches. */
  statement: string | undefined;
}

/** The ring commits to another key ahead: the one before does not open, or is suspect. */
@Injectable()
export class RecommitRing {
  constructor(
    private readonly rings: ChangeRing,
    private readonly decisions: ChangeDecisions,
  ) {}

  recommit({ scope, reason, statement }: Recommitting, identity: RequestIdentity): Promise<RecommitReply> {
    const decide = this.decisions.recommit();
    const detail = ({ head }: { head: { next: string | null } | null }) => ({ former_next: head?.next ?? null });
    return this.rings.change({ scope, reason, decide, given: statement, detail, reply: asReply }, identity);
  }
}

const asReply = (changed: Changed<RingChange>): Omit<RecommitReply, 'confirmed' | 'lapsed'> => ({
  ...changedReply(changed),
  next: changed.statement?.next ?? '',
});
