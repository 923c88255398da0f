import { Inject, Injectable } from '@nestjs/common';
import { activeKey, askedPromotion, neededNodes, propagatedAt, stagedKey, type Progress } from '@plexsphere/keyring';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { PROBLEMS, problem, Problem, suffices, type Role } from '@plexsphere/wire';
import {
  PROMOTED_WITHIN_S,
  type PlanRotateWhenApplied,
  type PlanRotateWhenAppliedReply,
  type RotateWhenAppliedReply,
} from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { hasLaterStatement } from '../leases/later-statements';
import { countRing } from '../nodes/counting/count-nodes';
import { refuseProvenFirst } from '../rings/change-decisions';
import { ringPolicy } from '../policies/policy-decisions';
import { existing, readRing, type StoredRing } from '../rings/read-ring';
import { orProblem } from '../rings/refusal-problem';
import { RotationConfig } from '../rotation-config';
import { CommandTransactions } from '../transactions/command-transactions';
import { databaseNow, readSnapshot } from '../transactions/database-clock';
import type { RequestIdentity } from '../transactions/requests';
import { writeAudit } from '../transactions/write-audit';
import { askPromotion } from './promotions';

type Asked = PlanRotateWhenApplied;

/** Writes down that a staged key is to sign once enough Nodes have it: the rotator of any replica does it then. */
@Injectable()
export class RotateWhenApplied {
  constructor(
    private readonly database: DataSource,
    private readonly transactions: CommandTransactions,
    private readonly config: RotationConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Problem as the domain refuses; epochWentBack, unknownScope */
  ask(asked: Asked, identity: RequestIdentity): Promise<RotateWhenAppliedReply> {
    return this.transactions.once(identity, { exclusive: asked.scope }, async (manager) => {
      const { scope, reason = null } = asked;
      const stored = await existing(readRing(manager, scope));
      if (await hasLaterStatement(manager, scope)) throw problem('epochWentBack');
      const at = await databaseNow(manager);
      const progress = await progressIn(manager, stored, at);
      const promotion = decide(asked, stored, progress, at);
      const { keyId, percent, deadline } = promotion;
      await askPromotion(manager, { scope, keyId, percent, deadline, reason, at, identity });
      const reply = {
        scope,
        old_key_id: activeKey(stored.ring).keyId,
        new_key_id: keyId,
        percent,
        asked_at: at.toISOString(),
        deadline: deadline.toISOString(),
        propagated_at: propagatedAt(promotion.key, ringPolicy(stored, this.config)).toISOString(),
        ...counted(progress, percent),
      };
      await writeAudit(manager, identity, { scope, after: reply, detail: { reason } });
      this.logger.info({ scope, kid: keyId, percent, deadline }, 'promotion asked for');
      return reply;
    });
  }

  plan(asked: Asked, { role }: { role: Role }): Promise<PlanRotateWhenAppliedReply> {
    return readSnapshot(this.database, async (manager, now) => {
      const { scope, new_key_id, percent } = asked;
      const stored = await existing(readRing(manager, scope));
      const progress = await progressIn(manager, stored, now);
      const attempt = attempted(() => decide(asked, stored, progress, now));
      const staged = stagedKey(stored.ring);
      return {
        ...{ scope, new_key_id, percent, old_key_id: activeKey(stored.ring).keyId },
        deadline: attempt.promotion?.deadline.toISOString() ?? null,
        propagated_at: staged ? propagatedAt(staged, ringPolicy(stored, this.config)).toISOString() : null,
        ...counted(progress, percent),
        offline_count: progress.offline.count,
        blocked_by: [
          ...(suffices(role, 'operator') ? [] : [PROBLEMS.permissionDenied.detail]),
          ...attempt.refused,
          ...((await hasLaterStatement(manager, scope)) ? [PROBLEMS.epochWentBack.detail] : []),
        ],
      };
    });
  }
}

const progressIn = (manager: EntityManager, { ring }: StoredRing, now: Date): Promise<Progress> =>
  countRing(manager, ring, { now, names: 0 });

function decide(asked: Asked, stored: StoredRing, progress: Progress, at: Date) {
  const { new_key_id: keyId, percent, deadline_seconds: seconds } = asked;
  const deadline = typeof seconds === 'number' ? new Date(at.getTime() + seconds * 1_000) : null;
  const command = { keyId, percent, at, deadline, atMostMs: PROMOTED_WITHIN_S * 1_000 };
  try {
    // Its members are asked in any case, all of them.
    refuseProvenFirst(stored);
    return orProblem(() => askedPromotion(stored.ring, command, progress));
  } catch (error) {
    throw error instanceof Problem ? inTheirWords(error) : error;
  }
}

/** What of the request was wrong, where the domain says it of something else. */
function inTheirWords(refusal: Problem): Problem {
  const { field } = refusal.body;
  if (field === 'deadline') {
    return problem('invariantViolation', { field: 'deadline_seconds', reason: 'it has to end by rotate_by' });
  }
  return field === 'scope' ? problem('invariantViolation', { field, reason: 'no Node is enrolled in it' }) : refusal;
}

const counted = (progress: Progress, percent: number) => ({
  enrolled: progress.enrolled,
  applied: progress.applied,
  needed: neededNodes(progress, percent),
  pending_count: progress.pending.count,
});

function attempted<Promotion>(work: () => Promotion): { promotion?: Promotion; refused: string[] } {
  try {
    return { promotion: work(), refused: [] };
  } catch (error) {
    if (error instanceof Problem) return { refused: [error.detail] };
    throw error;
  }
}
