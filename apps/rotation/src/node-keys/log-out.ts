import { Injectable } from '@nestjs/common';
import type { LogoutReply } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { RemoveNode } from '../nodes/remove-node';
import { Admission, requireOwn } from './admission';
import { byKey } from './by-key';
import type { NodeProof } from './judge-proof';
import { readNode } from './read-node';

/** A Node leaves by itself, by its key: as if it were removed. */
@Injectable()
export class LogOut {
  constructor(
    private readonly database: DataSource,
    private readonly admission: Admission,
    private readonly removeNode: RemoveNode,
  ) {}

  /** Said again, by whoever heard no answer, it is done. @throws Problem as `Admission.admit` */
  async leave(nodeId: string, proof: NodeProof<'logout'>): Promise<LogoutReply> {
    requireOwn(nodeId, proof);
    const node = await readNode(this.database.manager, nodeId, proof.publicKey);
    if (node?.state === 'removed' && node.removedAt !== null && node.speaker === node.latest) {
      return { node_id: nodeId, removed_at: node.removedAt.toISOString() };
    }
    await this.admission.admit(nodeId, proof);
    const { removed_at } = await this.removeNode.remove({ id: nodeId }, byKey('edge.logout', nodeId, proof.hash));
    return { node_id: nodeId, removed_at };
  }
}
