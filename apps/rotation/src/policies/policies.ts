import { scopePolicy, type DecidedPolicy, type RingPolicy } from '@plexsphere/keyring';
import { Injectable } from '@nestjs/common';
import { KeyRingEntity, KindPolicyEntity } from '@plexsphere/store';
import { PLATFORM, PROBLEMS, problem, suffices, type Role, type Scope, type ScopeKind } from '@plexsphere/wire';
import type {
  LackingRing,
  OfPolicy,
  PlanPolicy,
  PlanPolicyReply,
  PolicyReply,
  SetPolicy,
} from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import type { Scopes } from '../rings/list-rings';
import { existing, readRing, type StoredRing } from '../rings/read-ring';
import { RotationConfig } from '../rotation-config';
import { NAMES_SHOWN } from '../status/nodes-status';
import { CommandTransactions } from '../transactions/command-transactions';
import { databaseNow, readSnapshot } from '../transactions/database-clock';
import type { RequestIdentity } from '../transactions/requests';
import { changing } from '../transactions/scope-lock';
import { writeAudit } from '../transactions/write-audit';
import { refusedBesideNameless } from './nameless-keys';
import { KindPolicies, listLacking, type Lacking } from './kind-policies';
import { PolicyChange } from './policy-change';
import { asGiven, asProblem, refusedPolicy, type RefusedPolicy } from './policy-check';
import { decidedMembers, membersSet, policyView, sourcesView } from './policy-view';
import { decidedFor, kindPolicy, ringPolicy } from './policy-decisions';

/** Either, as `target` has made sure of. */
export type Target = { scope: Scope } | { kind: ScopeKind };

/** What is decided for kinds of scopes and for scopes: shown, planned and set. */
@Injectable()
export class Policies {
  constructor(
    private readonly database: DataSource,
    private readonly transactions: CommandTransactions,
    private readonly changes: PolicyChange,
    private readonly kinds: KindPolicies,
    private readonly config: RotationConfig,
  ) {}

  /** @throws Problem unknownScope; invariantViolation where it is not one kind or one scope, or a kind that is not accepted */
  show(asked: OfPolicy, seen: Scopes): Promise<PolicyReply> {
    const target = this.target(asked);
    return readSnapshot(this.database, (manager, now) =>
      'scope' in target ? this.ofScope(manager, target.scope, now) : this.ofKind(manager, target.kind, seen, now),
    );
  }

  async set(request: SetPolicy, identity: RequestIdentity, seen: Scopes): Promise<PolicyReply> {
    const target = this.target(request);
    requireDecision(request);
    if ('scope' in target) {
      return this.transactions.once(identity, changing(target.scope), (manager) =>
        this.setScope(manager, target.scope, request, identity),
      );
    }
    await this.transactions.once(identity, { exclusive: 'policies' }, (manager) =>
      this.setKind(manager, target.kind, request, identity),
    );
    await this.kinds.applyLacking(target.kind);
    return this.show(target, seen);
  }

  plan(request: PlanPolicy, { role }: { role: Role }): Promise<PlanPolicyReply> {
    const target = this.target(request);
    requireDecision(request);
    return readSnapshot(this.database, async (manager, now) => {
      const planned =
        'scope' in target
          ? await this.planScope(manager, target.scope, request, now)
          : await this.planKind(manager, target.kind, request, now);
      const { refused } = planned;
      return {
        ...named(target),
        ...planned,
        refused: refused && { field: refused.field, reason: refused.reason },
        blocked_by: [
          ...(suffices(role, 'operator') ? [] : [PROBLEMS.permissionDenied.detail]),
          ...(refused === null ? [] : [asProblem(refused).detail]),
        ],
      };
    });
  }

  private target({ kind, scope }: OfPolicy): Target {
    if (typeof scope === 'string' && typeof kind === 'string') throw problem('invariantViolation', { field: 'kind' });
    if (typeof scope === 'string') return { scope };
    if (typeof kind !== 'string') throw problem('invariantViolation', { field: 'scope' });
    if (!this.config.scopeKinds.includes(kind)) {
      throw problem('invariantViolation', { field: 'kind', accepted_kinds: this.config.scopeKinds });
    }
    return { kind };
  }

  private async setScope(
    manager: EntityManager,
    scope: Scope,
    request: SetPolicy,
    identity: RequestIdentity,
  ): Promise<PolicyReply> {
    const stored = await existing(readRing(manager, scope));
    const at = await databaseNow(manager);
    const { decided, refused } = this.weigh(stored, request, at);
    if (refused !== null) throw asProblem(refused);
    await this.changes.write(manager, { stored, decided, at, identity });
    return this.ofScope(manager, scope, at);
  }

  private async setKind(
    manager: EntityManager,
    kind: ScopeKind,
    request: SetPolicy,
    identity: RequestIdentity,
  ): Promise<object> {
    const stored = await manager.findOneBy(KindPolicyEntity, { kind });
    const at = await databaseNow(manager);
    const members = decidedMembers(stored?.members ?? {}, request);
    const [before, after] = [stored?.members ?? {}, members].map((each) => kindPolicy(kind, each, this.config).policy);
    const refused = after === undefined ? null : refusedPolicy(after, { kind }, this.config, at);
    if (refused !== null) throw asProblem(asGiven(refused, request));
    const version = (stored?.version ?? 0) + 1;
    await manager.query(
      `INSERT INTO ring.kind_policy (kind, members, version, decided_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (kind) DO UPDATE SET members = $2, version = $3, decided_at = $4`,
      [kind, JSON.stringify(members), version, at],
    );
    // Of no scope: whoever may see all of them may see it.
    await writeAudit(manager, identity, {
      scope: PLATFORM,
      ...(before === undefined ? {} : { before: policyView(before) }),
      ...(after === undefined ? {} : { after: policyView(after) }),
      detail: { kind, version },
    });
    return { kind, version };
  }

  private weigh(stored: StoredRing, request: PlanPolicy, at: Date) {
    const own = decidedMembers(stored.decided.own, request);
    const decided = { ...stored.decided, own };
    const policy = ringPolicy({ ...stored, decided }, this.config);
    const { scope } = stored.ring;
    const refused = refusedPolicy(policy, { scope }, this.config, at) ?? refusedBesideNameless(policy, stored.keys);
    return { decided, policy, refused: refused && asGiven(refused, request) };
  }

  private async planScope(manager: EntityManager, scope: Scope, request: PlanPolicy, now: Date): Promise<Planned> {
    const stored = await existing(readRing(manager, scope));
    const { policy, refused } = this.weigh(stored, request, now);
    const before = policyView(ringPolicy(stored, this.config));
    return { before, after: policyView(policy), refused, rings: 1, lacking_count: 0, lacking_rings: [] };
  }

  /** Every ring's own decided are weighed: that is what a plan is asked for. */
  private async planKind(manager: EntityManager, kind: ScopeKind, request: PlanPolicy, now: Date): Promise<Planned> {
    const stored = await manager.findOneBy(KindPolicyEntity, { kind });
    const members = decidedMembers(stored?.members ?? {}, request);
    const [before, after] = [stored?.members ?? {}, members].map(
      (each) => kindPolicy(kind, each, this.config).policy,
    ) as [RingPolicy, RingPolicy];
    // What decides nothing itself goes by the kind's alone.
    const deciding = await manager.query<{ scope: Scope; own: Partial<RingPolicy>; kindVersion: number }[]>(
      `SELECT scope, own, kind_version::float8 AS "kindVersion"
         FROM ring.policy JOIN ring.key_ring AS ring USING (scope)
        WHERE split_part(scope, ':', 1) = $1 AND own <> '{}' AND ring.removed_at IS NULL ORDER BY scope`,
      [kind],
    );
    const lacking = deciding.flatMap(({ scope, own, kindVersion }): LackingRing[] => {
      const policy = decidedFor({ policy: scopePolicy(kind), decided: { own, ofKind: members } }, this.config).policy;
      const refused = refusedPolicy(policy, { scope }, this.config, now);
      return refused === null ? [] : [{ scope, kind_version: kindVersion, reason: refused.reason }];
    });
    const refused = refusedPolicy(after, { kind }, this.config, now);
    return {
      before: policyView(before),
      after: policyView(after),
      refused: refused && asGiven(refused, request),
      rings: await countRings(manager, kind),
      lacking_count: lacking.length,
      lacking_rings: lacking.slice(0, NAMES_SHOWN),
    };
  }

  private async ofScope(manager: EntityManager, scope: Scope, now: Date): Promise<PolicyReply> {
    const stored = await existing(readRing(manager, scope));
    const [lacking] = await listLacking(manager, { scopes: [scope] });
    return {
      ...named({ scope }),
      ...decidedView(decidedFor(stored, this.config)),
      kind_version: stored.decided.kindVersion,
      lacking: lacking === undefined ? null : await this.lackingView(manager, lacking, now),
      ...{ rings: 1, lacking_count: lacking === undefined ? 0 : 1, lacking_rings: [] },
    };
  }

  private async ofKind(manager: EntityManager, kind: ScopeKind, seen: Scopes, now: Date): Promise<PolicyReply> {
    const stored = await manager.findOneBy(KindPolicyEntity, { kind });
    const lacking = await listLacking(manager, { kind });
    const shown = lacking.filter(({ scope }) => seen === null || seen.includes(scope)).slice(0, NAMES_SHOWN);
    const rings: LackingRing[] = [];
    for (const each of shown) rings.push(await this.lackingView(manager, each, now));
    return {
      ...named({ kind }),
      ...decidedView(kindPolicy(kind, stored?.members ?? {}, this.config)),
      kind_version: stored?.version ?? 0,
      lacking: null,
      rings: await countRings(manager, kind),
      lacking_count: lacking.length,
      lacking_rings: rings,
    };
  }

  private async lackingView(
    manager: EntityManager,
    { scope, kind, kindVersion }: Lacking,
    now: Date,
  ): Promise<LackingRing> {
    const { members } = await manager.findOneByOrFail(KindPolicyEntity, { kind });
    const stored = await existing(readRing(manager, scope));
    const policy = ringPolicy({ ...stored, decided: { ...stored.decided, ofKind: members } }, this.config);
    const refused = refusedPolicy(policy, { scope }, this.config, now) ?? refusedBesideNameless(policy, stored.keys);
    return { scope, kind_version: kindVersion, reason: refused?.reason ?? null };
  }
}

type Planned = Omit<PlanPolicyReply, 'kind' | 'scope' | 'blocked_by' | 'refused'> & { refused: RefusedPolicy | null };

const named = (target: Target): Pick<PolicyReply, 'kind' | 'scope'> => ({ kind: null, scope: null, ...target });

const decidedView = ({ policy, from }: DecidedPolicy): Pick<PolicyReply, 'policy' | 'from'> => ({
  policy: policyView(policy),
  from: sourcesView(from),
});

/** Something has to be decided, and nothing both ways. */
function requireDecision(request: PlanPolicy): void {
  const [set, inherited] = [membersSet(request), request.inherit ?? []];
  if (set.length + inherited.length === 0) throw problem('invariantViolation', { field: 'body' });
  if (inherited.some((member) => set.includes(member))) throw problem('invariantViolation', { field: 'inherit' });
}

const countRings = (manager: EntityManager, kind: ScopeKind): Promise<number> =>
  manager
    .createQueryBuilder(KeyRingEntity, 'ring')
    .where(`split_part(ring.scope, ':', 1) = :kind`, { kind })
    .getCount();
