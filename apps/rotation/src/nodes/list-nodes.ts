import type { NodeFacts } from '@plexsphere/keyring';
import type { Listens, NodeEntity } from '@plexsphere/store';
import { problem, type Problem } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import type { Scopes } from '../rings/list-rings';

/** Since when its streams wait for a state; and when it last had one. */
export interface Waiting {
  waitsSince: Date | null;
  streamSeenAt: Date | null;
}

/** One Node and what is known of it, with the trust epoch that it should have applied. */
export interface NodeRow extends NodeFacts, Waiting {
  id: string;
  scope: string;
  state: NodeEntity['state'];
  addedAt: Date;
  /** null of one over HTTP. */
  busPublicKey: string | null;
  appliedPosition: number;
  listens: Listens;
  /** Of a Node over HTTP alone. */
  meshIp: string | null;
  wireguardKey: string | null;
  wireguardKeySince: Date | null;
  wireguardKeyWantedAt: Date | null;
  trustEpoch: number;
  /** The heads that it showed last, and since when they stand nowhere in our chain; null where they do. */
  head: string | null;
  platformHead: string | null;
  forkedAt: Date | null;
  platformForkedAt: Date | null;
  /** Said beside a head of ours, and beyond the ring's epoch. */
  aheadEpoch: number | null;
  aheadPlatformEpoch: number | null;
}

// PostgreSQL's driver hands bigint over as text and float8 as a number; epochs stay far below 2^53.
const SELECT_NODE = `
  SELECT node.id, node.scope, node.name, node.state, node.added_at AS "addedAt",
         node.bus_public_key AS "busPublicKey", stream.told_epoch::float8 AS "toldEpoch",
         stream.settled_epoch::float8 AS "appliedEpoch", stream.settled_position::float8 AS "appliedPosition",
         stream.first_seen_at AS "firstSeenAt", stream.last_seen_at AS "lastSeenAt", ring.trust_epoch::float8 AS "trustEpoch",
         stream.listens, stream.waits_since AS "waitsSince", stream.stream_seen_at AS "streamSeenAt",
         host(node.mesh_ip) AS "meshIp", node.wireguard_key AS "wireguardKey",
         node.wireguard_key_since AS "wireguardKeySince", node.wireguard_key_wanted_at AS "wireguardKeyWantedAt",
         stream.head, stream.platform_head AS "platformHead", stream.forked_at AS "forkedAt",
         stream.platform_forked_at AS "platformForkedAt", stream.ahead_epoch::float8 AS "aheadEpoch",
         stream.ahead_platform_epoch::float8 AS "aheadPlatformEpoch"
    FROM ring.node AS node
    JOIN ring.key_ring AS ring ON ring.scope = node.scope
    JOIN outbox.node_stream AS stream ON stream.node_id = node.id`;

/** Since when a stream of it waits; null where none does. One that has registered and never had a stream is pending. */
export const waitingSince = ({ waitsSince, streamSeenAt }: Waiting): Date | null =>
  streamSeenAt === null ? null : waitsSince;

/** The enrolled Nodes by scope and name, a page of them. */
export const listNodes = (
  manager: EntityManager,
  scopes: Scopes,
  page: { after?: NodeRow | undefined; limit: number },
): Promise<NodeRow[]> =>
  manager.query(
    `${SELECT_NODE}
      WHERE node.state = 'enrolled' AND ($1::text[] IS NULL OR node.scope = ANY ($1))
        AND ($2::text IS NULL OR (node.scope, node.name) > ($2, $3::text))
      ORDER BY node.scope, node.name LIMIT $4`,
    [scopes, page.after?.scope ?? null, page.after?.name ?? null, page.limit],
  );

/** What names a Node; what is left out may be anything. */
export interface NodeName {
  id?: string | undefined;
  scope?: string | undefined;
  name?: string | undefined;
}

export const unknownNode = ({ id }: NodeName): Problem =>
  problem('unknownNode', { field: id === undefined ? 'name' : 'node_id' });

/** A name may have belonged to several Nodes: the enrolled one counts, else the one that went last. */
export async function findNode(manager: EntityManager, scopes: Scopes, node: NodeName): Promise<NodeRow | undefined> {
  const [row] = await manager.query<NodeRow[]>(
    `${SELECT_NODE}
      WHERE ($1::text[] IS NULL OR node.scope = ANY ($1)) AND ($2::uuid IS NULL OR node.id = $2)
        AND ($3::text IS NULL OR node.scope = $3) AND ($4::text IS NULL OR node.name = $4)
      ORDER BY node.state <> 'enrolled', node.removed_at DESC NULLS LAST LIMIT 1`,
    [scopes, node.id ?? null, node.scope ?? null, node.name ?? null],
  );
  return row;
}
