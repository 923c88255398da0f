import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { KindPolicyEntity } from '@plexsphere/store';
import type { Scope } from '@plexsphere/wire';
import { DataSource, type EntityManager } from 'typeorm';
import { inTurn } from '../rings/in-turn';
import { readRing } from '../rings/read-ring';
import { RotationConfig } from '../rotation-config';
import { CommandTransactions } from '../transactions/command-transactions';
import { databaseNow } from '../transactions/database-clock';
import { byItself, type RequestIdentity } from '../transactions/requests';
import { changing } from '../transactions/scope-lock';
import { refusedBesideNameless } from './nameless-keys';
import { PolicyChange } from './policy-change';
import { refusedPolicy } from './policy-check';
import { ringPolicy } from './policy-decisions';

/** Who asks for a kind's policy to be set is answered after so long; the rest is applied by whichever replica's turn comes. */
const PATIENCE_MS = 5_000;

/** A ring that does not go by its kind's policy as it was decided last. */
export interface Lacking {
  scope: Scope;
  kind: string;
  kindVersion: number;
}

/**
 * A kind's policy is decided once and then applied ring by ring, each under its own lock, so that no ring waits for
 * another. What a ring has decided itself may forbid it there: that ring keeps what it had, and is shown.
 */
@Injectable()
export class KindPolicies {
  private lastTried: Scope | undefined;

  constructor(
    private readonly database: DataSource,
    private readonly transactions: CommandTransactions,
    private readonly changes: PolicyChange,
    private readonly config: RotationConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * To all that lack one, or as many as there is time for: the next call goes on behind those. Returns whether there is
   * reason to go on at once.
   */
  async applyLacking(kind?: string): Promise<boolean> {
    const endsAt = performance.now() + PATIENCE_MS;
    let hasApplied = false;
    const lacking = await listLacking(this.database.manager, { kind });
    const scopes = lacking.map(({ scope }) => scope);
    for (const scope of inTurn(scopes, this.lastTried)) {
      if (performance.now() >= endsAt) return hasApplied;
      this.lastTried = scope;
      // One that is busy, or whose rules forbid it, comes again.
      const applied = await this.applyTo(scope).catch((err: unknown) => {
        this.logger.warn({ err, scope }, 'policy not applied yet');
        return false;
      });
      hasApplied ||= applied;
    }
    return false;
  }

  private async applyTo(scope: Scope): Promise<boolean> {
    const identity = byItself('policy.set');
    const { applied } = await this.transactions.once(identity, changing(scope), async (manager) => ({
      applied: await this.apply(manager, scope, identity),
    }));
    return applied;
  }

  private async apply(manager: EntityManager, scope: Scope, identity: RequestIdentity): Promise<boolean> {
    const [stored, kind] = [await readRing(manager, scope), await readKindOf(manager, scope)];
    if (stored === undefined || kind === null || stored.decided.kindVersion >= kind.version) return false;
    const at = await databaseNow(manager);
    const decided = { ...stored.decided, ofKind: kind.members, kindVersion: kind.version };
    const policy = ringPolicy({ ...stored, decided }, this.config);
    const refused = refusedPolicy(policy, { scope }, this.config, at) ?? refusedBesideNameless(policy, stored.keys);
    if (refused !== null) return false;
    await this.changes.write(manager, { stored, decided, at, identity });
    return true;
  }
}

const readKindOf = (manager: EntityManager, scope: Scope): Promise<KindPolicyEntity | null> =>
  manager.findOneBy(KindPolicyEntity, { kind: scope.split(':')[0] ?? '' });

/** By scope; without a limit, all. */
export const listLacking = (
  manager: EntityManager,
  { kind, scopes, limit }: { kind?: string | undefined; scopes?: readonly Scope[] | null; limit?: number } = {},
): Promise<Lacking[]> =>
  manager.query(
    `SELECT ring.scope, kind.kind, coalesce(policy.kind_version, 0)::float8 AS "kindVersion"
       FROM ring.kind_policy AS kind
       JOIN ring.key_ring AS ring ON split_part(ring.scope, ':', 1) = kind.kind AND ring.removed_at IS NULL
       LEFT JOIN ring.policy AS policy ON policy.scope = ring.scope
      WHERE coalesce(policy.kind_version, 0) < kind.version AND ($1::text IS NULL OR kind.kind = $1)
        AND ($2::text[] IS NULL OR ring.scope = ANY ($2))
      ORDER BY ring.scope LIMIT $3`,
    [kind ?? null, scopes ?? null, limit ?? null],
  );
