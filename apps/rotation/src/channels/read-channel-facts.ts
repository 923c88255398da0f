import { TransitionEntity } from '@plexsphere/store';
import type { EntityManager } from 'typeorm';
import type { KeyRow } from '../rings/list-keys';
import { policyOf } from '../rings/read-ring';
import type { ChannelFacts } from './channel-status';
import { listMembers } from './read-members';

/** Of those of the rings that are channels'; two queries, however many there are. */
export async function readChannelFacts(
  manager: EntityManager,
  rings: readonly { scope: string }[],
  keys: ReadonlyMap<string, readonly KeyRow[]>,
): Promise<Map<string, ChannelFacts>> {
  const scopes = rings.map(({ scope }) => scope).filter((scope) => policyOf(scope).gate === 'members');
  if (scopes.length === 0) return new Map();
  const members = await listMembers(manager, scopes);
  const transitions = await listLatest(manager, scopes);
  const facts = (scope: string): ChannelFacts => ({
    ring: { keys: (keys.get(scope) ?? []).map((key) => ({ ...key, foreign: null })) },
    transition: transitions.get(scope) ?? null,
    members: members.get(scope) ?? [],
  });
  return new Map(scopes.map((scope) => [scope, facts(scope)]));
}

type Latest = Pick<
  TransitionEntity,
  'scope' | 'oldKeyId' | 'newKeyId' | 'openedAt' | 'activatedAt' | 'closesAt' | 'transitionExpires' | 'outcome'
>;

/** The last rotation of each ring, open or ended. */
export async function listLatest(manager: EntityManager, scopes: readonly string[]): Promise<Map<string, Latest>> {
  const latest = await manager.query<Latest[]>(
    `SELECT transition.scope, old_key_id AS "oldKeyId", new_key_id AS "newKeyId", opened_at AS "openedAt",
            activated_at AS "activatedAt", closes_at AS "closesAt", transition_expires AS "transitionExpires", outcome
       FROM unnest($1::text[]) AS ring (scope)
       JOIN LATERAL (SELECT * FROM ring.transition AS each WHERE each.scope = ring.scope
                      ORDER BY opened_epoch DESC LIMIT 1) AS transition ON true`,
    [scopes],
  );
  return new Map(latest.map((transition) => [transition.scope, transition]));
}
