import { decidedPolicy, scopePolicy, type DecidedPolicy, type RingPolicy, type ScopePolicy } from '@plexsphere/keyring';
import { KindPolicyEntity, PolicyEntity } from '@plexsphere/store';
import type { EntityManager } from 'typeorm';
import type { RotationConfig } from '../rotation-config';

/** What a ring goes by beyond the service's settings: its own decisions, and its kind's as they were applied to it. */
export type PolicyDecisions = Omit<PolicyEntity, 'scope'>;

const NONE: PolicyDecisions = { own: {}, ofKind: {}, kindVersion: 0, scheduledSince: null };

export async function readDecisions(manager: EntityManager, scope: string): Promise<PolicyDecisions> {
  return (await manager.findOneBy(PolicyEntity, { scope })) ?? NONE;
}

export type Settings = Pick<RotationConfig, 'overlapWindowMs' | 'verifierCacheMs' | 'longestTokenLifeMs'>;

/** What the service is set to, of any kind of ring: rotated and closed by hand. */
export const settingOf = (
  { algorithm, newKey }: Pick<ScopePolicy, 'algorithm' | 'newKey'>,
  { overlapWindowMs, verifierCacheMs, longestTokenLifeMs }: Settings,
): RingPolicy => ({
  ...{ algorithm, overlapWindowMs, propagationDelayMs: verifierCacheMs, rotateEvery: null, close: 'manual' },
  ...{ sharePercent: 100, keyIdPattern: KEY_ID_PATTERNS[newKey], standby: newKey === 'is_staged_first' },
  longestTokenLifeMs,
});

/** Whose keys nobody else sees are called as operators of shared secrets call them: by the day. */
const KEY_ID_PATTERNS: Readonly<Record<ScopePolicy['newKey'], string>> = {
  signs_at_once: '{name}-{yyyy}-{mm}-{dd}',
  is_staged_first: '{name}-{yyyy}-{mm}-{dd}',
  is_proven_first: 'key-{yyyy}{mm}{dd}',
};

export const decidedFor = (
  { policy, decided }: { policy: ScopePolicy; decided: Pick<PolicyDecisions, 'own' | 'ofKind'> },
  settings: Settings,
): DecidedPolicy => decidedPolicy(settingOf(policy, settings), decided.ofKind, decided.own);

/** What holds for a ring. */
export const ringPolicy = (...ring: Parameters<typeof decidedFor>): RingPolicy => decidedFor(...ring).policy;

/** What holds for a kind, where no scope of it has decided otherwise. */
export const kindPolicy = (kind: string, members: Partial<RingPolicy>, settings: Settings): DecidedPolicy =>
  decidedPolicy(settingOf(scopePolicy(kind), settings), members);

/** What a ring goes by from its birth on: its kind's, as far as any is decided, and what is decided for it at once. */
export async function decisionsAtBirth(
  manager: EntityManager,
  scope: string,
  own: Partial<RingPolicy>,
): Promise<PolicyDecisions> {
  const kind = await manager.findOneBy(KindPolicyEntity, { kind: scope.split(':')[0] ?? '' });
  return kind === null ? { ...NONE, own } : { ...NONE, own, ofKind: kind.members, kindVersion: kind.version };
}

export async function writeDecisionsAtBirth(
  manager: EntityManager,
  scope: string,
  { own, ofKind, kindVersion }: PolicyDecisions,
): Promise<void> {
  if (kindVersion === 0 && Object.keys(own).length === 0) return;
  await manager.query(
    `INSERT INTO ring.policy (scope, own, of_kind, kind_version, scheduled_since)
     VALUES ($1, $2, $3, $4, clock_timestamp())`,
    [scope, JSON.stringify(own), JSON.stringify(ofKind), kindVersion],
  );
}
