import { stagedKey, type RingFacts } from '@plexsphere/keyring';
import { PromotionEntity } from '@plexsphere/store';
import type { Scope } from '@plexsphere/wire';
import { IsNull, type EntityManager } from 'typeorm';
import { countRing } from '../nodes/counting/count-nodes';
import type { StoredRing } from '../rings/read-ring';
import { listScheduled } from './find-candidates';

const findPromotion = (manager: EntityManager, scope: Scope): Promise<PromotionEntity | null> =>
  manager.findOneBy(PromotionEntity, { scope, outcome: IsNull() });

/** What is known of a ring beside its state, as the domain's next step weighs it. */
export async function readRingFacts(
  manager: EntityManager,
  { ring: { scope, trustEpoch }, keys, members }: StoredRing,
  now: Date,
): Promise<RingFacts> {
  const [scheduled] = await listScheduled(manager, [scope]);
  return {
    ...(await readUnfinished(manager, scope)),
    promotion: await findPromotion(manager, scope),
    stagedAlgorithm: stagedKey({ keys })?.algorithm ?? null,
    progress: await countRing(manager, { scope, trustEpoch }, { now, names: 0 }),
    members,
    scheduledSince: scheduled?.since ?? now,
  };
}

/** What Resume has left to do. */
async function readUnfinished(
  manager: EntityManager,
  scope: Scope,
): Promise<Pick<RingFacts, 'switchedEpoch' | 'undestroyed'>> {
  const [row] = await manager.query<[Pick<RingFacts, 'switchedEpoch' | 'undestroyed'>]>(
    `SELECT (SELECT coalesce(max(epoch), 0)::float8 FROM ring.ring_change
              WHERE scope = $1 AND switched_at IS NOT NULL) AS "switchedEpoch",
            ARRAY (SELECT key_id FROM ring.signing_key
                    WHERE scope = $1 AND state IN ('retired', 'revoked') AND destroyed_at IS NULL) AS undestroyed`,
    [scope],
  );
  return row;
}
