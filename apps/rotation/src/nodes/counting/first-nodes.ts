import { progressOf, type NodeFacts, type Progress } from '@plexsphere/keyring';
import { readsStatements, type Listens } from '@plexsphere/store';
import type { EntityManager } from 'typeorm';
import { waitingSince, type Waiting } from '../list-nodes';

interface FirstNode extends NodeFacts, Waiting {
  scope: string;
  listens: Listens;
  toldPlatformEpoch: number;
  appliedPlatformEpoch: number;
}

/** The first Nodes of a scope by name: where many are to be named, these name them all. */
export interface FirstNodes {
  nodes: readonly FirstNode[];
  /** Whether the scope has no others. */
  areAll: boolean;
}

/** Together at least so many, whatever names are asked for: a few milliseconds. */
const LOOKED_AT = 1_000;
/** As many times the names of a list: where every fourth Node stands in it, it is filled. */
const PER_NAME = 4;

// PostgreSQL's driver hands bigint over as text and float8 as a number; epochs stay far below 2^53.
const READ = `
  SELECT node.scope, node.name, stream.listens, stream.told_epoch::float8 AS "toldEpoch",
         stream.settled_epoch::float8 AS "appliedEpoch", stream.told_platform_epoch::float8 AS "toldPlatformEpoch",
         stream.settled_platform_epoch::float8 AS "appliedPlatformEpoch", stream.first_seen_at AS "firstSeenAt",
         stream.last_seen_at AS "lastSeenAt", stream.waits_since AS "waitsSince", stream.stream_seen_at AS "streamSeenAt"
    FROM unnest($1::text[]) AS wanted (scope)
   CROSS JOIN LATERAL (SELECT id, scope, name FROM ring.node
                        WHERE scope = wanted.scope AND state = 'enrolled' ORDER BY name LIMIT $2) AS node
    JOIN outbox.node_stream AS stream ON stream.node_id = node.id
   ORDER BY node.scope, node.name`;

export async function readFirstNodes(
  manager: EntityManager,
  scopes: readonly string[],
  namesShown: number,
): Promise<(scope: string) => FirstNodes> {
  if (scopes.length === 0) return () => ({ nodes: [], areAll: true });
  const each = Math.max(PER_NAME * namesShown, Math.ceil(LOOKED_AT / scopes.length));
  const byScope = new Map<string, FirstNode[]>(scopes.map((scope) => [scope, []]));
  const rows = await manager.query<FirstNode[]>(READ, [scopes, each]);
  for (const row of rows) byScope.get(row.scope)?.push(row);
  return (scope) => {
    const nodes = byScope.get(scope) ?? [];
    return { nodes, areAll: nodes.length < each };
  };
}

export const ownProgress = ({ nodes }: FirstNodes, trustEpoch: number, now: Date): Progress =>
  progressOf(nodes, trustEpoch, now);

/** Of a Domain, in regard of the platform's ring, which is one of its Nodes' anchors. */
export const platformProgress = ({ nodes }: FirstNodes, trustEpoch: number, now: Date): Progress =>
  progressOf(
    nodes
      .filter(({ listens }) => readsStatements(listens))
      .map((node) => ({ ...node, toldEpoch: node.toldPlatformEpoch, appliedEpoch: node.appliedPlatformEpoch })),
    trustEpoch,
    now,
  );

export const namesOfWaiting = ({ nodes }: FirstNodes): string[] =>
  nodes.filter((node) => waitingSince(node) !== null).map(({ name }) => name);
