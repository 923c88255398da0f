import { problem, PLATFORM, type Scope } from '@plexsphere/wire';
import type { AddMember } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import { takeBusKey } from '../bus-account/bus-users';
import { insertStream, type Epochs } from '../nodes/joining';

/** A member is a Node of the platform: over HTTP it reads statements as one on the bus does, and has no tunnels. */
export type MemberNode = Pick<
  AddMember,
  'slug' | 'side' | 'name' | 'bus_public_key' | 'bearer_hash' | 'sealing_public_key'
> & { nodeId: string; isSink: boolean };

/** @throws Problem nodeExists: another has the name, or one of its keys, or ever had */
export async function insertMemberNode(manager: EntityManager, member: MemberNode, epochs: Epochs): Promise<void> {
  const { nodeId, slug, side, name, isSink, sealing_public_key: sealingKey } = member;
  const { bus_public_key: busPublicKey, bearer_hash: bearerHash } = member;
  const scope: Scope = PLATFORM;
  if (busPublicKey !== undefined && !(await takeBusKey(manager, busPublicKey))) {
    throw problem('nodeExists', { field: 'bus_public_key' });
  }
  if (bearerHash !== undefined && (await isTaken(manager, 'bearer', bearerHash))) {
    throw problem('nodeExists', { field: 'bearer_hash' });
  }
  if (await isTaken(manager, 'sealing', sealingKey)) throw problem('nodeExists', { field: 'sealing_public_key' });
  // Those who join share the platform's lock, so two of one name may be at it at once: the index decides.
  const inserted = await manager.query<unknown[]>(
    `INSERT INTO ring.node (id, scope, name, bus_public_key, bearer_hash) VALUES ($1, $2, $3, $4, decode($5, 'hex'))
     ON CONFLICT (scope, name) WHERE state = 'enrolled' DO NOTHING RETURNING id`,
    [nodeId, scope, name, busPublicKey ?? null, bearerHash ?? null],
  );
  if (inserted.length === 0) throw problem('nodeExists', { field: 'name' });
  await insertStream(manager, { nodeId, scope, listens: bearerHash === undefined ? 'bus' : 'sdk' }, epochs);
  await manager.query(
    `INSERT INTO ring.member (node_id, slug, side, sealing_key, is_sink) VALUES ($1, $2, $3, $4, $5)`,
    [nodeId, slug, side, sealingKey, isSink],
  );
}

const TAKEN = {
  bearer: `SELECT FROM ring.node WHERE bearer_hash = decode($1, 'hex')`,
  sealing: 'SELECT FROM ring.member WHERE sealing_key = $1',
} as const;

const isTaken = async (manager: EntityManager, what: keyof typeof TAKEN, value: string): Promise<boolean> =>
  (await manager.query<unknown[]>(TAKEN[what], [value])).length > 0;
