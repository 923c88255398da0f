import { decidedPolicy, scopePolicy, type DecidedPolicy, type RingPolicy, type ScopePolicy } from '@plexsphere/keyring';
import { PolicyEntity } from '@plexsphere/store';
import type { EntityManager } from 'typeorm';
import type { RotationConfig } from '../rotation-config';

/** What a ring goes by beyond the service's settings: its own decisions, and its kind's as they were applied to it. */
export type PolicyDecisions = Omit<PolicyEntity, 'scope'>;

const NONE: PolicyDecisions = { own: {}, ofKind: {}, kindVersion: 0, scheduledSince: null };

export async function readDecisions(manager: EntityManager, scope: string): Promise<PolicyDecisions> {
  return (await manager.findOneBy(PolicyEntity, { scope })) ?? NONE;
}

type Settings = Pick<RotationConfig, 'overlapWindowMs' | 'verifierCacheMs'>;

/** What the service is set to, of any kind of ring: rotated and closed by hand. */
export const settingOf = (
  { algorithm }: Pick<ScopePolicy, 'algorithm'>,
  { overlapWindowMs, verifierCacheMs }: Settings,
): RingPolicy => ({
  ...{ algorithm, overlapWindowMs, propagationDelayMs: verifierCacheMs, rotateEvery: null, close: 'manual' },
  ...{ sharePercent: 100, keyIdPattern: '{name}-{yyyy}-{mm}-{dd}', standby: false },
});

export const decidedFor = (
  { policy, decided }: { policy: ScopePolicy; decided: Pick<PolicyDecisions, 'own' | 'ofKind'> },
  settings: Settings,
): DecidedPolicy => decidedPolicy(settingOf(policy, settings), decided.ofKind, decided.own);

/** What holds for a ring. */
export const ringPolicy = (...ring: Parameters<typeof decidedFor>): RingPolicy => decidedFor(...ring).policy;

/** What holds for a kind, where no scope of it has decided otherwise. */
export const kindPolicy = (kind: string, members: Partial<RingPolicy>, settings: Settings): DecidedPolicy =>
  decidedPolicy(settingOf(scopePolicy(kind), settings), members);

/** Its kind's, as far as any is decided, from its birth on. */
export const adoptKindPolicy = (manager: EntityManager, scope: string): Promise<unknown> =>
  manager.query(
    `INSERT INTO ring.policy (scope, of_kind, kind_version, scheduled_since)
     SELECT $1, members, version, clock_timestamp() FROM ring.kind_policy WHERE kind = split_part($1, ':', 1)`,
    [scope],
  );
