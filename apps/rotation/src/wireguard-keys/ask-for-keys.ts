import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { KeyRingEntity } from '@plexsphere/store';
import { problem, type Scope } from '@plexsphere/wire';
import type { RotateKeysReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { requireNodes } from '../nodes/require-nodes';
import { CommandTransactions } from '../transactions/command-transactions';
import type { RequestIdentity } from '../transactions/requests';
import { nodeScopes } from '../transactions/scope-lock';
import { writeAudit } from '../transactions/write-audit';

/** One Node, or all of a scope. */
export interface Asked {
  nodeId?: string | undefined;
  scope?: Scope | undefined;
}

/**
 * Each new key is told to all peers of its Node: a scope of n Nodes that change theirs is n² messages. So they are asked
 * one after the other, with a pause of this much, in milliseconds, for each peer: a thousand messages a second, of which
 * relays deliver several thousand.
 */
const PAUSE_PER_PEER_MS = 1;

/** Who was asked before is not asked later for that. */
const ASK = `
  WITH keyed AS (
    SELECT id, wireguard_key_wanted_at, count(*) OVER () AS peers
      FROM ring.node WHERE scope = $2 AND state = 'enrolled' AND wireguard_key IS NOT NULL
  ),
  wanted AS (
    SELECT id, (SELECT clock_timestamp()) + (row_number() OVER (ORDER BY id) - 1) * peers * $3 * interval '1 ms' AS at
      FROM keyed WHERE wireguard_key_wanted_at IS NULL AND ($1::uuid IS NULL OR id = $1)
  ),
  asked AS (
    UPDATE ring.node n SET wireguard_key_wanted_at = wanted.at FROM wanted WHERE n.id = wanted.id
    RETURNING n.wireguard_key_wanted_at AS at
  )
  SELECT count(*)::int AS nodes, max(at) AS until FROM asked`;

/** Asks Nodes over HTTP for new WireGuard keys, which they make themselves: the answer to their heartbeats says so. */
@Injectable()
export class AskForKeys {
  constructor(
    private readonly database: DataSource,
    private readonly transactions: CommandTransactions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Problem unknownNode, unknownScope; invariantViolation of a scope that has no Nodes; noWireguardKey of one that has none */
  ask(asked: Asked, identity: RequestIdentity): Promise<RotateKeysReply> {
    return this.transactions.oncePrepared(identity, {
      prepare: () => scopeOf(this.database.manager, asked),
      lock: (scope) => ({ shared: nodeScopes(scope) }),
      work: async (manager, scope) => {
        await requireKey(manager, asked);
        const [{ nodes, until }] = await manager.query<[{ nodes: number; until: Date | null }]>(ASK, [
          ...[asked.nodeId ?? null, scope, PAUSE_PER_PEER_MS],
        ]);
        const reply = { nodes, asked_until: until?.toISOString() ?? null };
        const after = { ...(asked.nodeId !== undefined && { node_id: asked.nodeId }), ...reply };
        await writeAudit(manager, identity, { scope, after });
        this.logger.info({ scope, nodes }, 'wireguard keys asked for');
        return reply;
      },
    });
  }
}

async function scopeOf(manager: EntityManager, { nodeId, scope }: Asked): Promise<Scope> {
  if (nodeId === undefined) {
    if (!(await manager.existsBy(KeyRingEntity, { scope: scope ?? '' }))) {
      throw problem('unknownScope', { field: 'scope' });
    }
    requireNodes(scope ?? '');
    return scope ?? '';
  }
  const [node] = await manager.query<{ scope: Scope }[]>(
    `SELECT scope FROM ring.node WHERE id = $1 AND state = 'enrolled' AND ($2::text IS NULL OR scope = $2)`,
    [nodeId, scope ?? null],
  );
  if (node === undefined) throw problem('unknownNode', { field: 'node_id' });
  return node.scope;
}

/** Of a scope those are asked that have one. */
async function requireKey(manager: EntityManager, { nodeId }: Asked): Promise<void> {
  if (nodeId === undefined) return;
  const [node] = await manager.query<{ hasKey: boolean }[]>(
    `SELECT wireguard_key IS NOT NULL AS "hasKey" FROM ring.node WHERE id = $1 AND state = 'enrolled'`,
    [nodeId],
  );
  if (node === undefined) throw problem('unknownNode', { field: 'node_id' });
  if (!node.hasKey) throw problem('noWireguardKey', { field: 'node_id' });
}
