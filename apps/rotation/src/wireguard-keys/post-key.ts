import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Bus, LOGGER, type Logger } from '@plexsphere/service-kit';
import { problem, subjects, type Scope } from '@plexsphere/wire';
import { DataSource, type EntityManager } from 'typeorm';
import { fanOutToPeers } from '../events/fan-out';
import { CommandTransactions } from '../transactions/command-transactions';
import type { RequestIdentity } from '../transactions/requests';
import { nodeScopes } from '../transactions/scope-lock';
import { writeAudit } from '../transactions/write-audit';

/** Each new key is a message to every peer: a Node that makes one after the other would have relays do nothing else. */
const PAUSE_SECONDS = 60;

interface Keyed {
  scope: Scope;
  meshIp: string;
  wireguardKey: string;
  /** Until it may change its key without being asked to; 0 where it may, or is asked. */
  pauseSeconds: number;
}

/** A Node has made itself a new WireGuard key: its peers hear of it by an event, in the transaction that takes it. */
@Injectable()
export class PostKey {
  constructor(
    private readonly database: DataSource,
    private readonly transactions: CommandTransactions,
    private readonly bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * The key that it has already is none that peers have to hear of.
   * @throws Problem unknownNode; tooOften where nobody has asked for a key, and the last one has only just come
   */
  async post(nodeId: string, key: string, identity: RequestIdentity): Promise<{ changed: boolean }> {
    const reply = await this.transactions.oncePrepared(identity, {
      prepare: () => keyed(this.database.manager, nodeId),
      lock: ({ scope }) => ({ shared: nodeScopes(scope) }),
      work: (manager) => this.commit(manager, nodeId, key, identity),
    });
    if (reply.changed) this.bus.publish(subjects.outboxChanged, {});
    return reply;
  }

  private async commit(
    manager: EntityManager,
    nodeId: string,
    key: string,
    identity: RequestIdentity,
  ): Promise<{ changed: boolean }> {
    const { scope, meshIp, wireguardKey, pauseSeconds } = await keyed(manager, nodeId, 'FOR UPDATE');
    const changed = key !== wireguardKey;
    if (changed && pauseSeconds > 0) throw problem('tooOften', { retry_after: pauseSeconds });
    await manager.query(TAKE, [nodeId, key]);
    if (!changed) return { changed };
    await fanOutToPeers(manager, nodeId, eventOf(nodeId, scope, meshIp, key));
    const [before, after] = [wireguardKey, key].map((wireguard_key) => ({ node_id: nodeId, wireguard_key }));
    await writeAudit(manager, identity, { scope, before: before!, after: after! });
    this.logger.info({ scope, node: nodeId }, 'wireguard key taken');
    return { changed };
  }
}

/** Whoever posts the old key once more has not done what it was asked for. */
const TAKE = `
  UPDATE ring.node SET
    wireguard_key_wanted_at = CASE WHEN wireguard_key = $2 THEN wireguard_key_wanted_at END,
    wireguard_key_since = CASE WHEN wireguard_key = $2 THEN wireguard_key_since ELSE clock_timestamp() END,
    wireguard_key = $2
   WHERE id = $1`;

async function keyed(manager: EntityManager, nodeId: string, lock = ''): Promise<Keyed> {
  const [node] = await manager.query<Keyed[]>(
    `SELECT scope, host(mesh_ip) AS "meshIp", wireguard_key AS "wireguardKey",
            CASE WHEN wireguard_key_wanted_at <= clock_timestamp() THEN 0
                 ELSE greatest(0, ceil(${PAUSE_SECONDS} - extract(epoch FROM clock_timestamp() - wireguard_key_since)))::int
            END AS "pauseSeconds"
       FROM ring.node WHERE id = $1 AND state = 'enrolled' AND wireguard_key IS NOT NULL ${lock}`,
    [nodeId],
  );
  if (node === undefined) throw problem('unknownNode', { field: 'node_id' });
  return node;
}

/** The peer as Nodes read one. Where it is reached we do not know: each finds that out for itself. */
const eventOf = (nodeId: string, scope: Scope, meshIp: string, key: string) => ({
  ...{ eventId: randomUUID(), scope, eventType: 'peer_key_rotated' },
  payload: JSON.stringify({
    ...{ id: nodeId, public_key: key, mesh_ip: meshIp, endpoint: '', allowed_ips: [`${meshIp}/32`], psk: '' },
  }),
});
