import { Injectable } from '@nestjs/common';
import { activeKey, propagatedAt, stagedKey, type KeyRing, type RingChange } from '@plexsphere/keyring';
import { Problem, type Scope } from '@plexsphere/wire';
import type { RingChangedReply, StageReply, Switched, UnstageReply } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { AfterCommit } from '../rotations/after-commit';
import { CommandTransactions } from '../transactions/command-transactions';
import type { RequestIdentity } from '../transactions/requests';
import { ChangeRing, type Beside, type Changed } from './change-ring';
import { changedReply } from './changed-reply';
import { ChangeDecisions, type ToStage } from './change-decisions';
import { existing, readRing, snapshotRing, type StoredRing } from './read-ring';

interface Staging extends ToStage {
  scope: Scope;
  reason: string | null;
  beside?: Beside;
  /** A key that is staged already will do as well. */
  unlessStaged?: boolean | undefined;
}

type Committed = Omit<StageReply, keyof Switched>;

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
    private readonly database: DataSource,
    private readonly rings: ChangeRing,
    private readonly decisions: ChangeDecisions,
    private readonly afterCommit: AfterCommit,
    private readonly transactions: CommandTransactions,
  ) {}

  async stage(staging: Staging, identity: RequestIdentity): Promise<StageReply> {
    const reply = await this.stageOrFind(staging, identity);
    return { ...reply, propagated_at: (await this.propagatedAt(reply)) ?? reply.propagated_at };
  }

  /** Counted from when everybody serves the key, which is known once that is recorded: the commit knew its stage alone. */
  private async propagatedAt({ scope, staged_key_id: keyId }: StageReply): Promise<string | undefined> {
    const stored = await snapshotRing(this.database, scope).catch(() => undefined);
    const key = stored?.ring.keys.find((each) => each.keyId === keyId);
    if (stored === undefined || key === undefined || key.publishedAt === null) return undefined;
    return propagatedAt(key, this.decisions.terms(stored)).toISOString();
  }

  private async stageOrFind(
    { scope, reason, beside, unlessStaged, ...asked }: Staging,
    identity: RequestIdentity,
  ): Promise<StageReply> {
    const decide = this.decisions.stage(asked);
    const reply = (changed: Changed<RingChange>): Committed => ({
      ...changedReply(changed),
      ...this.stagedKey(changed.after.ring, changed.before),
    });
    try {
      return await this.rings.change({ scope, reason, decide, beside, reply }, identity);
    } catch (error) {
      const isStaged = error instanceof Problem && error.is('anotherKeyStaged');
      if (unlessStaged !== true || !isStaged) throw error;
      return this.present(scope, error, identity);
    }
  }

  /** Kept as the answer: whoever asks again is to hear of the same key, though it has been rotated to meanwhile. */
  private async present(scope: Scope, refused: Problem, identity: RequestIdentity): Promise<StageReply> {
    const committed = await this.transactions.once(
      identity,
      { shared: [scope] },
      async (manager): Promise<Committed> => {
        const before = await existing(readRing(manager, scope));
        const { ring } = before;
        if (stagedKey(ring) === undefined) throw refused;
        const unchanged = { scope, epoch: ring.epoch, active_key_id: activeKey(ring).keyId, unready: [], nodes: 0 };
        return { ...unchanged, ...this.stagedKey(ring, before), already_staged: true };
      },
    );
    return { ...committed, ...(await this.afterCommit.finish(committed)) };
  }

  unstage({ scope, reason, keyId }: Unstaging, identity: RequestIdentity): Promise<UnstageReply> {
    const decide = this.decisions.unstage(keyId);
    const reply = (changed: Changed<RingChange>) => ({
      ...changedReply(changed),
      unstaged_key_id: changed.after.statement?.oldKeyId ?? '',
    });
    return this.rings.change({ scope, reason, decide, reply }, identity);
  }

  private stagedKey(ring: KeyRing, before: StoredRing): Omit<Committed, keyof RingChangedReply> {
    const key = stagedKey(ring);
    const { stagedAt = null, rotateBy = null, verifiesUntil = null } = key ?? {};
    if (key === undefined || stagedAt === null || rotateBy === null || verifiesUntil === null) {
      throw new Error('nothing is staged');
    }
    return {
      staged_key_id: key.keyId,
      staged_at: stagedAt.toISOString(),
      propagated_at: propagatedAt(key, this.decisions.terms(before)).toISOString(),
      rotate_by: rotateBy.toISOString(),
      transition_expires: verifiesUntil.toISOString(),
    };
  }
}
