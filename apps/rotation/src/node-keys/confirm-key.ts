import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { problem } from '@plexsphere/wire';
import type { ConfirmNodeKeyReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { revokeSooner } from '../bus-account/bus-users';
import { stepConfirmed } from '../fleets/waiting-steps';
import { Admission } from './admission';
import { endRetiring } from './end-key';
import type { NodeProof } from './judge-proof';

/** The Node works by its latest key and token: whatever gave way to them ends. Said twice, it is done once. */
@Injectable()
export class ConfirmKey {
  constructor(
    private readonly database: DataSource,
    private readonly admission: Admission,
  ) {}

  /** @throws Problem as `Admission.admit`; tokenMismatch of another token than the latest */
  async confirm(nodeId: string, proof: NodeProof<'key-confirm'>): Promise<ConfirmNodeKeyReply> {
    await this.admission.admit(nodeId, proof);
    return this.database.transaction('READ COMMITTED', async (manager) => {
      const { key, now } = await this.admission.admitLocked(manager, nodeId, proof);
      if (tokenHash(key.token) !== proof.claims.token_hash) throw problem('tokenMismatch');
      await endRetiring(manager, nodeId);
      await endFormerToken(manager, nodeId, key.publicKey);
      await stepConfirmed(manager, nodeId, key.generation);
      return { node_id: nodeId, generation: key.generation, now: now.toISOString() };
    });
  }
}

export const tokenHash = (token: string | null): string | undefined =>
  token === null ? undefined : createHash('sha256').update(token).digest('hex');

async function endFormerToken(manager: EntityManager, nodeId: string, publicKey: string): Promise<void> {
  await manager.query(
    `UPDATE ring.node_key SET confirmed_at = coalesce(confirmed_at, clock_timestamp()),
            former_token_hash = NULL, former_token_iat = NULL, former_until = NULL
      WHERE node_id = $1 AND public_key = $2`,
    [nodeId, publicKey],
  );
  await revokeSooner(manager, publicKey);
}
