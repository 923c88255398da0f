import type { RingPolicy } from '@plexsphere/keyring';
import { PolicyEntity } from '@plexsphere/store';
import { In, type EntityManager } from 'typeorm';
import { ringPolicy } from '../policies/policy-decisions';
import type { Scopes } from '../rings/list-rings';
import { policyOf } from '../rings/read-ring';
import type { RotationConfig } from '../rotation-config';

const UNDECIDED = { own: {}, ofKind: {} };

/** What each ring goes by: one query, however many there are. */
export async function readRingPolicies(
  manager: EntityManager,
  scopes: Scopes,
  config: RotationConfig,
): Promise<(scope: string) => RingPolicy> {
  const rows = await manager.findBy(PolicyEntity, scopes === null ? {} : { scope: In([...scopes]) });
  const decided = new Map(rows.map((row) => [row.scope, row]));
  return (scope) => ringPolicy({ policy: policyOf(scope), decided: decided.get(scope) ?? UNDECIDED }, config);
}
