import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { problem } from '@plexsphere/wire';
import { DataSource, type EntityManager } from 'typeorm';
import { byItself } from '../transactions/requests';
import { writeAudit } from '../transactions/write-audit';
import { Contested, requireFresh, speakerOf, type NodeProof, type Speaker } from './judge-proof';
import { readNode, readTerms, type Terms } from './read-node';

export interface Admitted extends Speaker, Terms {}

/** Who speaks by a Node's key. A key that was replaced, and is used all the same, is told to operators. */
@Injectable()
export class Admission {
  constructor(
    private readonly database: DataSource,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Problem as `requireFresh`, `speakerOf`; proofInvalid of one for another Node than it came for */
  async admit(nodeId: string, proof: NodeProof): Promise<Admitted> {
    requireOwn(nodeId, proof);
    const { manager } = this.database;
    const terms = await readTerms(manager);
    requireFresh(proof.claims, terms.account, terms.now);
    const node = await readNode(manager, nodeId, proof.publicKey);
    try {
      return { ...speakerOf(node, proof, terms.now), ...terms };
    } catch (error) {
      if (!(error instanceof Contested)) throw error;
      await this.contest(error);
      throw error.refusal;
    }
  }

  /** Again, under the Node's lock, in the transaction that does what is asked for. @throws Problem as `admit` */
  async admitLocked(manager: EntityManager, nodeId: string, proof: NodeProof): Promise<Admitted> {
    const node = await readNode(manager, nodeId, proof.publicKey, 'FOR NO KEY UPDATE');
    const terms = await readTerms(manager);
    try {
      return { ...speakerOf(node, proof, terms.now), ...terms };
    } catch (error) {
      throw error instanceof Contested ? error.refusal : error;
    }
  }

  /** Once a Node: whoever goes on using it adds nothing. */
  private async contest({ node, key }: Contested): Promise<void> {
    if (node.contestedAt !== null) return;
    await this.database.transaction(async (manager) => {
      const [marked] = await manager.query<[unknown[], number]>(
        `UPDATE ring.node SET contested_at = clock_timestamp()
          WHERE id = $1 AND contested_at IS NULL AND state = 'enrolled' RETURNING id`,
        [node.id],
      );
      if (marked.length === 0) return;
      const after = { node_id: node.id, name: node.name, generation: key.generation, public_key: key.publicKey };
      await writeAudit(manager, byItself('edge.contest'), { scope: node.scope, after });
      const fields = { scope: node.scope, node: node.id, name: node.name, generation: key.generation };
      this.logger.warn(fields, 'a superseded node key is used: node contested');
    });
  }
}

export function requireOwn(nodeId: string, proof: NodeProof): void {
  if (proof.claims.node_id !== nodeId) throw problem('proofInvalid', { reason: 'another node' });
}
