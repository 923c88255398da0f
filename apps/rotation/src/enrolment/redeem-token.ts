/** An enrolment token, and what it is good for when somebody comes with it. */
import { problem, type Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';

export interface EnrolToken {
  id: string;
  scope: Scope;
  createdBy: string;
}

/** A Node that a token has made, to which it may still be handed out anew. */
export interface MadeNode {
  nodeId: string;
  name: string;
  /** Empty of one on the bus. */
  meshIp: string;
}

/** What whoever comes shows beside the token: a Node over HTTP its WireGuard key, one on the bus its Node key. */
export type Shown = { wireguardKey: string } | { publicKey: string };

/** A daemon that heard no answer comes again with the same token and key, for five minutes. */
const AGAIN_WITHIN = `interval '10 minutes'`;

/** @throws Problem notAuthenticated where there is none of this hash */
export async function findEnrolToken(manager: EntityManager, hash: string): Promise<EnrolToken> {
  const [token] = await manager.query<EnrolToken[]>(
    `SELECT id, scope, created_by AS "createdBy" FROM ring.enrol_token WHERE token_hash = decode($1, 'hex')`,
    [hash],
  );
  if (token === undefined) throw problem('notAuthenticated');
  return token;
}

interface Row {
  isOver: boolean;
  isAgain: boolean | null;
  isRevoked: boolean;
  nodeId: string | null;
  state: 'enrolled' | 'removed' | 'revoked' | null;
  wireguardKey: string | null;
  publicKey: string | null;
  name: string;
  meshIp: string;
}

/**
 * Locks the token: of several who come with it at once one is first. Undefined: it is good for a new Node. Else the Node
 * that it has made, for whoever shows the same key soon, and before that Node has made its first call: the answer was lost.
 *
 * @throws Problem enrolTokenOver where it is used, revoked, or has expired; permissionDenied where its Node is removed
 */
export async function redeemable(
  manager: EntityManager,
  { id }: EnrolToken,
  shown: Shown,
): Promise<MadeNode | undefined> {
  await manager.query('SELECT FROM ring.enrol_token WHERE id = $1 FOR UPDATE', [id]);
  const [row] = await manager.query<Row[]>(
    `SELECT t.expires_at <= clock_timestamp() AS "isOver", t.revoked_at IS NOT NULL AS "isRevoked",
            t.used_at > clock_timestamp() - ${AGAIN_WITHIN} AND s.called_at IS NULL AS "isAgain",
            t.node_id AS "nodeId", n.state, n.wireguard_key AS "wireguardKey", n.bus_public_key AS "publicKey", n.name,
            coalesce(host(n.mesh_ip), '') AS "meshIp"
       FROM ring.enrol_token t
       LEFT JOIN ring.node n ON n.id = t.node_id
       LEFT JOIN outbox.node_stream s ON s.node_id = t.node_id
      WHERE t.id = $1`,
    [id],
  );
  if (row === undefined) throw problem('notAuthenticated');
  const { isOver, isAgain, nodeId, state, name, meshIp } = row;
  if (row.isRevoked) throw problem('enrolTokenOver', { reason: 'revoked' });
  if (nodeId === null) {
    if (isOver) throw problem('enrolTokenOver', { reason: 'expired' });
    return undefined;
  }
  const isSame = 'publicKey' in shown ? row.publicKey === shown.publicKey : row.wireguardKey === shown.wireguardKey;
  if (!isSame) throw problem('enrolTokenOver', { reason: 'used' });
  if (state !== 'enrolled') throw problem('permissionDenied');
  if (isAgain !== true) throw problem('enrolTokenOver', { reason: 'used' });
  return { nodeId, name, meshIp };
}

/** In the transaction that made the Node. */
export const markUsed = (manager: EntityManager, { id }: EnrolToken, nodeId: string): Promise<unknown> =>
  manager.query('UPDATE ring.enrol_token SET used_at = clock_timestamp(), node_id = $2 WHERE id = $1', [id, nodeId]);

/** The secret of before is none any more. */
export const replaceBearer = (manager: EntityManager, nodeId: string, bearerHash: string): Promise<unknown> =>
  manager.query(`UPDATE ring.node SET bearer_hash = decode($2, 'hex') WHERE id = $1`, [nodeId, bearerHash]);
