import { Injectable } from '@nestjs/common';
import { problem } from '@plexsphere/wire';
import type { NodeKeyView } from '@plexsphere/wire/commands';
import { DataSource } from 'typeorm';
import { dueOrder, hostFailed } from '../fleets/waiting-steps';
import { Admission } from './admission';
import type { NodeProof } from './judge-proof';

/** What holds of a Node's key, and whether a fleet run waits for another one; or the Node says why it cannot have one. */
@Injectable()
export class AskKey {
  constructor(
    private readonly database: DataSource,
    private readonly admission: Admission,
  ) {}

  /** @throws Problem as `Admission.admit`; noNodeKey where its credential is the one that it was given */
  async ask(nodeId: string, proof: NodeProof<'ask'>): Promise<NodeKeyView> {
    const { node, now } = await this.admission.admit(nodeId, proof);
    const { failed } = proof.claims;
    if (failed !== null) await this.database.transaction((manager) => hostFailed(manager, nodeId, failed));
    const { id, scope, name, tags, rotateAfter, contestedAt, latest } = node;
    if (latest.tokenExpiresAt === null || rotateAfter === null) throw problem('noNodeKey');
    return {
      ...{ node_id: id, scope, name, tags, generation: latest.generation, public_key: latest.publicKey },
      ...{ token_expires_at: latest.tokenExpiresAt.toISOString(), rotate_after: rotateAfter.toISOString() },
      due: await dueOrder(this.database.manager, nodeId),
      ...{ contested_since: contestedAt?.toISOString() ?? null, now: now.toISOString() },
    };
  }
}
