import type { ShowNodeReply } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';

interface Row {
  generation: number | null;
  publicKey: string;
  since: Date;
  contestedAt: Date | null;
  reason: string | null;
}

/** Of a Node with a key of its own the latest one; and of one that was put out why. */
export async function shownKey(
  manager: EntityManager,
  nodeId: string,
): Promise<Pick<ShowNodeReply, 'node_key' | 'revoked_reason'>> {
  const [row] = await manager.query<Row[]>(
    `SELECT key.generation::float8 AS generation, key.public_key AS "publicKey", key.created_at AS since,
            node.contested_at AS "contestedAt", node.revoked_reason AS reason
       FROM ring.node AS node LEFT JOIN ring.node_key AS key ON key.node_id = node.id
      WHERE node.id = $1 ORDER BY key.generation DESC LIMIT 1`,
    [nodeId],
  );
  if (row === undefined) return {};
  const { generation, publicKey, since, contestedAt, reason } = row;
  const contested = contestedAt === null ? {} : { contested_since: contestedAt.toISOString() };
  return {
    ...(generation !== null && {
      node_key: { generation, public_key: publicKey, since: since.toISOString(), ...contested },
    }),
    ...(reason !== null && { revoked_reason: reason }),
  };
}
