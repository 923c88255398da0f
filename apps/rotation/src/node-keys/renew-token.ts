import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { NODE_KEY_OVERLAP_MS, problem } from '@plexsphere/wire';
import type { NodeKeyReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { writeAudit } from '../transactions/write-audit';
import { Admission, type Admitted } from './admission';
import { byKey } from './by-key';
import { tokenHash } from './confirm-key';
import { revokeToken } from './end-key';
import type { NodeProof } from './judge-proof';
import { keyReply } from './key-reply';
import { NodeTokens, type NodeToken } from './node-tokens';
import { requireRoom } from './require-room';

type Asked = NodeProof<'token'>;

/** A newer token for the same key: beside the one that the Node holds (renewal), or in its place (refresh). */
@Injectable()
export class RenewToken {
  constructor(
    private readonly database: DataSource,
    private readonly admission: Admission,
    private readonly tokens: NodeTokens,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Problem as `Admission.admit`; noNodeKey, tokenMismatch, tooOften; of a refresh revocationListFull */
  async renew(nodeId: string, proof: Asked): Promise<NodeKeyReply> {
    const admitted = await this.admission.admit(nodeId, proof);
    const { manager } = this.database;
    if (this.isAnswered(admitted, proof)) return this.answer(admitted, proof);
    if (proof.claims.replace) await requireRoom(manager);
    const { node, key, now } = admitted;
    const holder = { id: nodeId, name: node.name, publicKey: key.publicKey };
    const token = await this.tokens.issue(holder, now, key.tokenIat ?? 0);
    return this.database.transaction('READ COMMITTED', (transaction) => this.commit(transaction, nodeId, proof, token));
  }

  /**
   * Whoever names the token before, which the present one has not been confirmed after, heard no answer: the present one is
   * it, unless that one is due by now, too.
   */
  private isAnswered({ key, now }: Admitted, { claims }: Asked): boolean {
    if (key.token === null || key.tokenExpiresAt === null) throw problem('noNodeKey');
    if (claims.token_hash === tokenHash(key.token)) return false;
    if (claims.token_hash !== key.formerTokenHash) throw problem('tokenMismatch');
    return !this.tokens.isDue(key.tokenExpiresAt, now);
  }

  /** Of a renewal whose answer was lost, and which is a refresh by now: what the Node holds is to end all the same. */
  private async answer(admitted: Admitted, proof: Asked): Promise<NodeKeyReply> {
    const { node, key, now } = admitted;
    if (!proof.claims.replace || key.formerUntil !== null) return keyReply(node, key, now);
    await requireRoom(this.database.manager);
    return this.database.transaction('READ COMMITTED', async (manager) => {
      const locked = await this.admission.admitLocked(manager, node.id, proof);
      if (this.isAnswered(locked, proof)) await this.endFormer(manager, locked, proof);
      return keyReply(locked.node, locked.key, locked.now);
    });
  }

  /** Whatever was issued before the present one. */
  private async endFormer(manager: EntityManager, admitted: Admitted, proof: Asked): Promise<void> {
    const { node, key } = admitted;
    const before = { ...key, tokenIat: (key.tokenIat ?? 0) - 1 };
    const until = await this.replace(manager, { ...admitted, key: before }, proof);
    await manager.query(
      `UPDATE ring.node_key SET former_token_iat = $3, former_until = $4 WHERE node_id = $1 AND generation = $2`,
      [node.id, key.generation, before.tokenIat, until],
    );
  }

  private async commit(manager: EntityManager, nodeId: string, proof: Asked, token: NodeToken): Promise<NodeKeyReply> {
    const admitted = await this.admission.admitLocked(manager, nodeId, proof);
    const { node, key, now } = admitted;
    // Another copy of the request was first.
    if (this.isAnswered(admitted, proof) || (key.tokenIat ?? 0) >= token.iat) return keyReply(node, key, now);
    const formerUntil = proof.claims.replace ? await this.replace(manager, admitted, proof) : null;
    await manager.query(
      `UPDATE ring.node_key SET token = $3, token_iat = $4, token_expires_at = $5,
              tokens_until = greatest(tokens_until, $5), former_token_hash = $6,
              former_token_iat = CASE WHEN $7::timestamptz IS NULL THEN former_token_iat ELSE token_iat END,
              former_until = coalesce($7, former_until)
        WHERE node_id = $1 AND generation = $2`,
      [nodeId, key.generation, token.jwt, token.iat, token.expiresAt, proof.claims.token_hash, formerUntil],
    );
    return keyReply(node, { ...key, token: token.jwt, tokenExpiresAt: token.expiresAt }, now);
  }

  /** The one that the Node holds ends when the Node has moved, or after a minute: until when, at the latest. */
  private async replace(manager: EntityManager, { node, key, now }: Admitted, { hash }: Asked): Promise<Date> {
    const { id, scope, name } = node;
    const until = new Date(now.getTime() + NODE_KEY_OVERLAP_MS);
    await revokeToken(manager, key, { at: now, until });
    const after = { node_id: id, name, generation: key.generation };
    await writeAudit(manager, byKey('edge.refresh-token', id, hash), { scope, after });
    this.logger.info({ scope, node: id, generation: key.generation }, 'node token refreshed');
    return until;
  }
}
