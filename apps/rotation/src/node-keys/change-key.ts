import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { NODE_KEY_OVERLAP_MS, problem } from '@plexsphere/wire';
import type { NodeKeyReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { takeBusKey } from '../bus-account/bus-users';
import { writeAudit } from '../transactions/write-audit';
import { Admission, requireOwn } from './admission';
import { byKey } from './by-key';
import { endRetiring, retireKey } from './end-key';
import type { NodeProof, Speaker } from './judge-proof';
import { keyReply } from './key-reply';
import { NodeTokens, type NodeToken } from './node-tokens';
import { readNode, readTerms } from './read-node';
import { requireRoom, requireRoomOfNode } from './require-room';

type Change = NodeProof<'key-change'>;

/** A Node's old key vouches for its new one: from this commit on the new one is the Node's, and the old one goes for a minute. */
@Injectable()
export class ChangeKey {
  constructor(
    private readonly database: DataSource,
    private readonly admission: Admission,
    private readonly tokens: NodeTokens,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * The last one that was committed is answered again, whenever it comes and whoever the Node is by now: whoever sends it has
   * heard no answer, and learns what it brought about.
   *
   * @throws Problem as `Admission.admit`; revocationListFull, tooOften, nodeKeyInUse
   */
  async change(nodeId: string, proof: Change): Promise<NodeKeyReply> {
    requireOwn(nodeId, proof);
    const { manager } = this.database;
    const before = await this.answered(manager, nodeId, proof);
    if (before !== undefined) return before;
    try {
      return await this.attempt(nodeId, proof);
    } catch (error) {
      // A copy of it was first, and what this one met is what that one has done.
      const meanwhile = await this.answered(manager, nodeId, proof);
      if (meanwhile === undefined) throw error;
      return meanwhile;
    }
  }

  private async attempt(nodeId: string, proof: Change): Promise<NodeKeyReply> {
    const { manager } = this.database;
    const { node, now } = await this.admission.admit(nodeId, proof);
    await requireRoom(manager);
    await requireRoomOfNode(manager, nodeId, node.latest.generation);
    await requireUnused(manager, proof.claims.new_key);
    // Made before the lock: no signer is waited for with one in hand.
    const token = await this.tokens.issue({ id: nodeId, name: node.name, publicKey: proof.claims.new_key }, now);
    return this.database.transaction('READ COMMITTED', (transaction) => this.commit(transaction, nodeId, proof, token));
  }

  private async answered(manager: EntityManager, nodeId: string, proof: Change): Promise<NodeKeyReply | undefined> {
    const node = await readNode(manager, nodeId, proof.publicKey);
    if (node?.latest.requestHash !== proof.hash) return undefined;
    return keyReply(node, node.latest, (await readTerms(manager)).now);
  }

  private async commit(manager: EntityManager, nodeId: string, proof: Change, token: NodeToken): Promise<NodeKeyReply> {
    await manager.query('SELECT FROM ring.node WHERE id = $1 FOR NO KEY UPDATE', [nodeId]);
    // A copy of it may have been at work meanwhile.
    const before = await this.answered(manager, nodeId, proof);
    if (before !== undefined) return before;
    const { node, key, now } = await this.admission.admitLocked(manager, nodeId, proof);
    const publicKey = proof.claims.new_key;
    if (!(await takeBusKey(manager, publicKey))) throw problem('nodeKeyInUse', { field: 'new_key' });
    const generation = key.generation + 1;
    await endRetiring(manager, nodeId);
    await retireKey(manager, nodeId, key, { at: now, until: new Date(now.getTime() + NODE_KEY_OVERLAP_MS) });
    await insertKey(manager, { nodeId, generation, publicKey, requestHash: proof.hash, token, at: now });
    const rotateAfter = this.tokens.rotateAfter(now);
    await this.tell(manager, { node, key }, proof);
    // Last: from here on whoever tells this Node something waits for the commit.
    await manager.query('UPDATE ring.node SET bus_public_key = $2, rotate_after = $3 WHERE id = $1', [
      ...[nodeId, publicKey, rotateAfter],
    ]);
    const latest = { generation, publicKey, token: token.jwt, tokenExpiresAt: token.expiresAt };
    return keyReply({ id: nodeId, rotateAfter }, latest, now);
  }

  private async tell(manager: EntityManager, { node, key }: Speaker, { claims, hash }: Change): Promise<void> {
    const { id, scope, name } = node;
    await writeAudit(manager, byKey('edge.change-key', id, hash), {
      scope,
      before: { node_id: id, name, generation: key.generation, public_key: key.publicKey },
      after: { node_id: id, name, generation: key.generation + 1, public_key: claims.new_key },
    });
    this.logger.info({ scope, node: id, generation: key.generation + 1 }, 'node key changed');
  }
}

/** The index decides; this look spares signers the work. @throws Problem nodeKeyInUse */
async function requireUnused(manager: EntityManager, publicKey: string): Promise<void> {
  const found = await manager.query<unknown[]>('SELECT FROM ring.bus_user WHERE public_key = $1', [publicKey]);
  if (found.length > 0) throw problem('nodeKeyInUse', { field: 'new_key' });
}

interface NewKey {
  nodeId: string;
  generation: number;
  publicKey: string;
  requestHash: string;
  token: NodeToken;
  at: Date;
}

/** The active one. Another that is must have left before. */
export const insertKey = (manager: EntityManager, { token, ...key }: NewKey): Promise<unknown> =>
  manager.query(
    `INSERT INTO ring.node_key (node_id, generation, public_key, state, request_hash, token, token_iat, token_expires_at,
                                tokens_until, created_at)
     VALUES ($1, $2, $3, 'active', $4, $5, $6, $7, $7, $8)`,
    [
      ...[key.nodeId, key.generation, key.publicKey, key.requestHash],
      ...[token.jwt, token.iat, token.expiresAt, key.at],
    ],
  );
