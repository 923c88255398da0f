import { problem, type Scope } from '@plexsphere/wire';
import type { EntityManager } from 'typeorm';
import { nodeName, nodeNameBeside } from './node-name';

export interface HttpNode {
  nodeId: string;
  scope: Scope;
  hostname: string;
  /** SHA-256, hex. */
  bearerHash: string;
  wireguardKey: string;
}

/** How it is called, and its address in the mesh. */
interface Place {
  name: string;
  meshIp: string;
}

/**
 * Taken addresses in a row that are passed over. Beyond it the caller is refused, and comes again: the sequence has moved on.
 */
const TRIES = 1_024;

/**
 * Names and addresses of the enrolled are unique by index, and the index decides: those who join share the scope's lock,
 * so two may be at the same one, and the second waits here for what becomes of the first. The network's first and last
 * address are nobody's.
 */
const INSERT = `
  INSERT INTO ring.node (id, scope, name, bearer_hash, wireguard_key, wireguard_key_since, mesh_ip)
  SELECT $1, $2, CASE WHEN EXISTS (SELECT FROM ring.node WHERE scope = $2 AND name = $3 AND state = 'enrolled')
                      THEN $4 ELSE $3 END,
         decode($5, 'hex'), $6, date_trunc('milliseconds', clock_timestamp()),
         host(network($7::inet) + 1 + nextval('ring.mesh_host') % ((1::bigint << (32 - masklen($7::inet))) - 2))::inet
  ON CONFLICT DO NOTHING RETURNING name, host(mesh_ip) AS "meshIp"`;

/** In `network`, like 100.64.0.0/10. @throws Problem noMeshAddress */
export async function insertHttpNode(manager: EntityManager, node: HttpNode, network: string): Promise<Place> {
  const { nodeId, scope, hostname, bearerHash, wireguardKey } = node;
  const names = [nodeName(hostname), nodeNameBeside(hostname, nodeId)];
  for (let tried = 0; tried < TRIES; tried++) {
    const values = [nodeId, scope, ...names, bearerHash, wireguardKey, network];
    const [place] = await manager.query<Place[]>(INSERT, values);
    if (place !== undefined) return place;
  }
  throw problem('noMeshAddress');
}
