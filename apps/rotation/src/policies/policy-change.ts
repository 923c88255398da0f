import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { changePolicy, type TokenTerms } from '@plexsphere/keyring';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { IssuerEntity } from '@plexsphere/store';
import { problem } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import { hasLaterStatement } from '../leases/later-statements';
import { applyRingChange } from '../rings/apply-ring-change';
import type { StoredRing } from '../rings/read-ring';
import { orProblem } from '../rings/refusal-problem';
import { RotationConfig } from '../rotation-config';
import type { RequestIdentity } from '../transactions/requests';
import { writeAudit } from '../transactions/write-audit';
import { policyView } from './policy-view';
import { ringPolicy, type PolicyDecisions } from './policy-decisions';

interface NewDecisions {
  /** As it was read under the scope's lock. */
  stored: StoredRing;
  decided: PolicyDecisions;
  /** By the database's clock. */
  at: Date;
  identity: RequestIdentity;
}

/** Writes what a ring goes by from now on, and the audit row, in the caller's transaction and under the scope's lock. */
@Injectable()
export class PolicyChange {
  constructor(
    private readonly config: RotationConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async write(manager: EntityManager, { stored, decided, at, identity }: NewDecisions): Promise<void> {
    const { scope } = stored.ring;
    const [before, after] = [ringPolicy(stored, this.config), ringPolicy({ ...stored, decided }, this.config)];
    // A schedule that is new, or another, counts from now: none is overdue at once for what was before it.
    const isOther = !isDeepStrictEqual(before.rotateEvery, after.rotateEvery);
    await manager.query(
      `INSERT INTO ring.policy (scope, own, of_kind, kind_version, scheduled_since) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (scope) DO UPDATE SET own = $2, of_kind = $3, kind_version = $4, scheduled_since = $5`,
      [
        ...[scope, JSON.stringify(decided.own), JSON.stringify(decided.ofKind), decided.kindVersion],
        isOther ? at : decided.scheduledSince,
      ],
    );
    const views = { before: policyView(before), after: policyView(after) };
    const tokens = { longestTokenMs: after.longestTokenLifeMs, leaseMs: this.config.leaseMs };
    if (stored.policy.policyRaisesEpoch) await raiseEpoch(manager, { stored, at, identity, views, tokens });
    else await writeAudit(manager, identity, { scope, ...views });
    this.logger.info({ scope, kind_version: decided.kindVersion }, 'policy set');
  }
}

/** Whoever signs hears of it as of any change of the ring; Resume sees the switch through. */
async function raiseEpoch(
  manager: EntityManager,
  {
    stored: before,
    at,
    identity,
    views,
    tokens,
  }: Omit<NewDecisions, 'decided'> & { views: object; tokens: TokenTerms },
): Promise<void> {
  if (await hasLaterStatement(manager, before.ring.scope)) throw problem('epochWentBack');
  const { scope } = before.ring;
  const signsTokens = before.issuer !== null;
  const after = orProblem(() => changePolicy(before.ring, before.transition, signsTokens ? tokens : undefined));
  if (signsTokens) await manager.update(IssuerEntity, { scope }, { longestTokenMs: tokens.longestTokenMs });
  const made = { key: null, statement: null };
  await applyRingChange(manager, { before, after, at, identity, reason: null, made, detail: views });
}
