import { PLATFORM } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import type { ClaimedNode } from '../claim';

/**
 * The statements between what a Node was told and the rings of `upTo`, oldest first; those of `platform` for a Node of
 * that very scope in both lists. Not beyond: the bundle has to name the last one.
 */
export async function readStatements(
  manager: EntityManager,
  node: Pick<ClaimedNode, 'scope' | 'toldEpoch' | 'toldPlatformEpoch'>,
  upTo: { epoch: number; platformEpoch: number },
): Promise<{ own: string[]; platform: string[] }> {
  const rows = await manager.query<{ list: 'own' | 'platform'; statement: string }[]>(
    `SELECT wanted.list, c.statement
       FROM (VALUES ('own', $1::text, $2::bigint, $3::bigint), ('platform', '${PLATFORM}', $4::bigint, $5::bigint))
         AS wanted(list, scope, after, up_to)
       JOIN ring.ring_change c ON c.scope = wanted.scope AND c.epoch > wanted.after AND c.epoch <= wanted.up_to
      WHERE c.statement IS NOT NULL
      ORDER BY c.epoch`,
    [node.scope, node.toldEpoch, upTo.epoch, node.toldPlatformEpoch, upTo.platformEpoch],
  );
  const of = (list: 'own' | 'platform') => rows.filter((row) => row.list === list).map((row) => row.statement);
  return { own: of('own'), platform: of('platform') };
}
