import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { KeyRingEntity, NodeStreamEntity } from '@plexsphere/store';
import { PLATFORM, problem } from '@plexsphere/wire';
import type {
  AddNode as Request,
  AddNodeReply,
  IssueBusCredential,
  IssueBusCredentialReply,
  SignBundle,
  SignBundleReply,
} from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { hasLaterStatement } from '../leases/later-statements';
import { Signers } from '../leases/signers';
import { onceFor, type RequestIdentity } from '../transactions/requests';
import { insertNode } from './insert-node';
import { takeBusKey } from '../bus-account/bus-users';
import { writeAudit } from '../transactions/write-audit';
import { ScopeTransactions } from '../transactions/scope-transactions';
import { nodeScopes } from '../transactions/scope-lock';

/** Rings may change between the bundle and the commit; after this many losses the caller is told. */
const ATTEMPTS = 3;

interface Epochs {
  epoch: number;
  platformEpoch: number;
}

/** Enrols a Node with a credential and the bundle of that very moment: what it starts with is what it was told. */
@Injectable()
export class AddNode {
  constructor(
    private readonly database: DataSource,
    private readonly signers: Signers,
    private readonly transactions: ScopeTransactions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  add(request: Request, identity: RequestIdentity): Promise<AddNodeReply> {
    return onceFor(this.database.manager, identity, () => this.enrol(request, identity));
  }

  private async enrol(request: Request, identity: RequestIdentity): Promise<AddNodeReply> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const epochs = await this.epochs(this.database.manager, request.scope);
      const reply = await this.handOut(request, epochs);
      const added = await this.transactions.shared(nodeScopes(request.scope), identity, (manager) =>
        this.commit(manager, request, reply, epochs, identity),
      );
      if (added !== undefined) return added;
    }
    throw problem('scopeBusy');
  }

  private async handOut(request: Request, { epoch, platformEpoch }: Epochs): Promise<AddNodeReply> {
    const nodeId = randomUUID();
    const { scope, name } = request;
    const bundleRequest: Omit<SignBundle, 'duration_ms'> = { scope, epoch, platform_epoch: platformEpoch };
    const credentialRequest: IssueBusCredential = {
      kind: 'node',
      id: nodeId,
      name,
      public_key: request.bus_public_key,
    };
    const [{ bundle }, { jwt }] = await Promise.all([
      this.signers.ask<SignBundleReply>(PLATFORM, 'sign-bundle', bundleRequest),
      this.signers.askAny<IssueBusCredentialReply>('issue-bus-credential', credentialRequest),
    ]);
    return { node_id: nodeId, scope, name, bus_jwt: jwt, bundle };
  }

  /** Undefined where a ring has changed since the bundle was made. */
  private async commit(
    manager: EntityManager,
    request: Request,
    reply: AddNodeReply,
    handedOut: Epochs,
    identity: RequestIdentity,
  ): Promise<AddNodeReply | undefined> {
    const now = await this.epochs(manager, request.scope);
    if (now.epoch !== handedOut.epoch || now.platformEpoch !== handedOut.platformEpoch) return undefined;
    const { scope, name } = request;
    const busPublicKey = request.bus_public_key;
    if (!(await takeBusKey(manager, busPublicKey))) throw problem('nodeExists', { field: 'bus_public_key' });
    if (!(await insertNode(manager, { id: reply.node_id, scope, name, busPublicKey }))) {
      throw problem('nodeExists', { field: 'name' });
    }
    await manager.insert(NodeStreamEntity, {
      nodeId: reply.node_id,
      scope,
      toldEpoch: now.epoch,
      toldPlatformEpoch: now.platformEpoch,
      settledEpoch: now.epoch,
      settledPlatformEpoch: now.platformEpoch,
    });
    await writeAudit(manager, identity, { scope, after: { node_id: reply.node_id, name } });
    this.logger.info({ scope, node: reply.node_id, epoch: now.epoch }, 'node added');
    return reply;
  }

  private async epochs(manager: EntityManager, scope: string): Promise<Epochs> {
    const ring = await manager.findOneBy(KeyRingEntity, { scope });
    const platform = await manager.findOneBy(KeyRingEntity, { scope: PLATFORM });
    if (ring === null || platform === null) throw problem('unknownScope', { field: 'scope' });
    if (await hasLaterStatement(manager, scope)) throw problem('epochWentBack');
    return { epoch: ring.epoch, platformEpoch: platform.epoch };
  }
}
