import { prepared } from '@plexsphere/store';
import { PLATFORM, type Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import { runPrepared } from '../claim/run-prepared';
import type { KnownNode } from './known-nodes';
import type { NodeWord } from './node-word';

/** Which statement of a ring a head is, if any, and how far the ring is. */
interface HeadPlace {
  headEpoch: number | null;
  nextEpoch: number | null;
  ringEpoch: number;
}

export type HeadPlaces = (scope: Scope, head: string) => HeadPlace | undefined;

/** A look into an index for each head that is said, however many Nodes say it. */
const READ = prepared(`
  SELECT said.scope, said.head, r.epoch::float8 AS "ringEpoch", c.epoch::float8 AS "headEpoch",
         (SELECT min(n.epoch) FROM ring.ring_change n
           WHERE n.scope = c.scope AND n.epoch > c.epoch AND n.statement IS NOT NULL)::float8 AS "nextEpoch"
    FROM jsonb_to_recordset($1::jsonb) AS said(scope text, head text)
    JOIN ring.key_ring r ON r.scope = said.scope
    LEFT JOIN ring.ring_change c ON c.scope = said.scope AND c.statement_hash = said.head`);

/** What these Nodes' heads are, as the rings stand now. */
export async function readHeads(
  manager: EntityManager,
  words: readonly NodeWord[],
  nodes: ReadonlyMap<string, KnownNode>,
): Promise<HeadPlaces> {
  const said = new Map<string, { scope: Scope; head: string }>();
  const ask = (scope: Scope, head: string): unknown => said.set(key(scope, head), { scope, head });
  for (const { nodeId, heads } of words) {
    const node = nodes.get(nodeId);
    if (node === undefined) continue;
    ask(node.scope, heads.ring);
    ask(PLATFORM, heads.platform);
  }
  if (said.size === 0) return () => undefined;
  const rows = await runPrepared<HeadPlace & { scope: Scope; head: string }>(manager, READ, [
    JSON.stringify([...said.values()]),
  ]);
  const places = new Map(rows.map((row) => [key(row.scope, row.head), row]));
  return (scope, head) => places.get(key(scope, head));
}

const key = (scope: Scope, head: string): string => `${scope} ${head}`;
