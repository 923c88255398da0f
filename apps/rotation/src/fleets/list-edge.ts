import { createHash } from 'node:crypto';
import { isOffline } from '@plexsphere/keyring';
import { decodeBusPublicKey, type FleetTarget } from '@plexsphere/wire';
import type { EdgeNode } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import type { Scopes } from '../rings/list-rings';
import { chosenBy } from './fleet-targets';

interface Row extends Pick<EdgeNode, 'node_id' | 'scope' | 'name' | 'tags' | 'generation'> {
  public_key: string | null;
  token_expires_at: Date | null;
  rotate_after: Date | null;
  contested_at: Date | null;
  last_seen_at: Date | null;
  heard_at: Date | null;
}

/** The enrolled Nodes and what holds of their keys, by scope and name: from behind one of them. */
export async function listEdge(
  manager: EntityManager,
  { targets, scopes, after, limit }: { targets: readonly FleetTarget[]; scopes: Scopes; after?: string; limit: number },
  now: Date,
): Promise<EdgeNode[]> {
  const { where, parameters } = chosenBy(targets, scopes);
  const [last, most] = [parameters.length + 1, parameters.length + 2];
  const rows = await manager.query<Row[]>(
    `SELECT node.id AS node_id, node.scope, node.name, node.tags, key.generation::float8 AS generation,
            coalesce(key.public_key, node.bus_public_key) AS public_key, key.token_expires_at, node.rotate_after,
            node.contested_at, stream.last_seen_at, coalesce(stream.last_seen_at, stream.first_seen_at) AS heard_at
       FROM ring.node AS node JOIN outbox.node_stream AS stream ON stream.node_id = node.id
       LEFT JOIN ring.node_key AS key ON key.node_id = node.id AND key.state = 'active'
      WHERE ${where}
        AND ($${last}::uuid IS NULL
             OR (node.scope, node.name) > (SELECT last.scope, last.name FROM ring.node AS last WHERE last.id = $${last}))
      ORDER BY node.scope, node.name LIMIT $${most}`,
    [...parameters, after ?? null, limit],
  );
  return rows.map((row) => edgeNode(row, now));
}

const edgeNode = (row: Row, now: Date): EdgeNode => ({
  ...{ node_id: row.node_id, scope: row.scope, name: row.name, tags: row.tags, generation: row.generation },
  key_fingerprint: row.public_key && fingerprintOf(row.public_key),
  token_expires_at: row.token_expires_at?.toISOString() ?? null,
  rotate_after: row.rotate_after?.toISOString() ?? null,
  overdue: row.rotate_after !== null && now >= row.rotate_after,
  contested_since: row.contested_at?.toISOString() ?? null,
  online: row.heard_at !== null && !isOffline(row.heard_at, now),
  last_seen_at: row.last_seen_at?.toISOString() ?? null,
});

/** As OpenSSH writes them. */
const fingerprintOf = (publicKey: string): string | null => {
  const raw = decodeBusPublicKey('user', publicKey);
  return raw === undefined ? null : `SHA256:${createHash('sha256').update(raw).digest('base64').replace(/=+$/, '')}`;
};
