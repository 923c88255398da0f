import { propagatedAt } from '@plexsphere/keyring';
import { PolicyEntity } from '@plexsphere/store';
import { In, type EntityManager } from 'typeorm';
import { ringPolicy } from '../policies/policy-decisions';
import type { KeyRow } from '../rings/list-keys';
import { policyOf } from '../rings/read-ring';
import type { RotationConfig } from '../rotation-config';

const UNDECIDED = { own: {}, ofKind: {} };

/** From when on each staged key may sign, by what its own ring goes by: one query, however many are staged. */
export async function readPropagation(
  manager: EntityManager,
  keys: readonly KeyRow[],
  config: RotationConfig,
): Promise<(staged: KeyRow) => Date> {
  const scopes = keys.filter(({ state }) => state === 'staged').map(({ scope }) => scope);
  const rows = scopes.length === 0 ? [] : await manager.findBy(PolicyEntity, { scope: In(scopes) });
  const decided = new Map(rows.map((row) => [row.scope, row]));
  return (key) => {
    const ring = { policy: policyOf(key.scope), decided: decided.get(key.scope) ?? UNDECIDED };
    return propagatedAt(key, ringPolicy(ring, config));
  };
}
