import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { announcedKeys } from '@plexsphere/keyring';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { problem, type Scope } from '@plexsphere/wire';
import type { RegisterNode as RegisterRequest, RegisterNodeReply } from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { Joining, insertStream, presentEpochs, requirePresent, type StartingBundle } from '../nodes/joining';
import { existing, readRing } from '../rings/read-ring';
import { RotationConfig } from '../rotation-config';
import { CommandTransactions } from '../transactions/command-transactions';
import type { RequestIdentity } from '../transactions/requests';
import { nodeScopes } from '../transactions/scope-lock';
import { writeAudit } from '../transactions/write-audit';
import { insertHttpNode } from './insert-http-node';
import { findEnrolToken, markUsed, redeemable, replaceBearer, type EnrolToken, type MadeNode } from './redeem-token';

/** What is known before the lock. */
interface Comer {
  token: EnrolToken;
  /** For the SDK alone: a daemon believes what its first state says. */
  starting: StartingBundle | null;
}

/**
 * A Node comes over HTTP with a token: the token is used, and the Node is in the next fan-out or starts with the keys that
 * it brought about, in one transaction under the scope's shared lock, as a Node on the bus is added.
 */
@Injectable()
export class RegisterNode {
  constructor(
    private readonly database: DataSource,
    private readonly joining: Joining,
    private readonly transactions: CommandTransactions,
    private readonly config: RotationConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Problem notAuthenticated, enrolTokenOver, permissionDenied, noMeshAddress */
  async register(request: RegisterRequest, identity: RequestIdentity): Promise<RegisterNodeReply> {
    // Before all else: anybody may come with one that he makes up, and costs this one look.
    const token = await findEnrolToken(this.database.manager, request.token_hash);
    return this.transactions.oncePrepared(identity, {
      prepare: async () => (request.listens === 'sdk' ? this.joining.bundleFor(token.scope) : null),
      lock: () => ({ shared: nodeScopes(token.scope) }),
      work: (manager, starting) => this.commit(manager, request, { token, starting }, identity),
    });
  }

  private async commit(
    manager: EntityManager,
    request: RegisterRequest,
    { token, starting }: Comer,
    identity: RequestIdentity,
  ): Promise<RegisterNodeReply> {
    const { scope } = token;
    if (starting !== null) await requirePresent(manager, scope, starting);
    const made = await redeemable(manager, token, { wireguardKey: request.wireguard_key });
    if (made !== undefined) await replaceBearer(manager, made.nodeId, request.bearer_hash);
    const { nodeId, name, meshIp } = made ?? (await this.make(manager, request, token));
    const { key_id: keyId, public_key: key } = await firstKey(manager, scope);
    await writeAudit(
      manager,
      { ...identity, actor: nodeId },
      {
        scope,
        after: { node_id: nodeId, name, mesh_ip: meshIp, wireguard_key: request.wireguard_key, key_id: keyId },
        detail: { enrol_token: token.id, created_by: token.createdBy, again: made !== undefined },
      },
    );
    this.logger.info({ scope, node: nodeId, token: token.id, again: made !== undefined }, 'node registered');
    return {
      ...{ node_id: nodeId, scope, name, mesh_ip: meshIp, signing_public_key: key },
      ...(starting && { bundle: starting.bundle }),
    };
  }

  private async make(manager: EntityManager, request: RegisterRequest, token: EnrolToken): Promise<MadeNode> {
    const { hostname, bearer_hash: bearerHash, wireguard_key: wireguardKey, listens = 'go' } = request;
    const { scope } = token;
    const nodeId = randomUUID();
    const epochs = await presentEpochs(manager, scope);
    const node = { nodeId, scope, hostname, bearerHash, wireguardKey };
    const place = await insertHttpNode(manager, node, this.config.meshNetwork);
    await insertStream(manager, { nodeId, scope, listens }, epochs);
    await markUsed(manager, token, nodeId);
    return { nodeId, ...place };
  }
}

/** The one that a Node with room for one takes. */
async function firstKey(manager: EntityManager, scope: Scope): Promise<{ key_id: string; public_key: string }> {
  const { keys } = await existing(readRing(manager, scope));
  const { keyId, publicKey } = announcedKeys(keys).current;
  if (publicKey === null) throw problem('invariantViolation', { field: 'scope' });
  return { key_id: keyId, public_key: publicKey };
}
