import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { KeyRingEntity, NodeStreamEntity, type NodeEntity } from '@plexsphere/store';
import { PLATFORM, problem } from '@plexsphere/wire';
import type {
  AddNodeReply,
  BusJwtReply,
  IssueBusCredential,
  SignBundle,
  SignBundleReply,
} from '@plexsphere/wire/commands';
import { DataSource, type EntityManager } from 'typeorm';
import { takeBusKey } from '../bus-account/bus-users';
import { hasLaterStatement } from '../leases/later-statements';
import { Signers } from '../leases/signers';
import { CommandTransactions } from '../transactions/command-transactions';
import type { RequestIdentity } from '../transactions/requests';
import { nodeScopes } from '../transactions/scope-lock';
import { writeAudit } from '../transactions/write-audit';

export type JoiningNode = Pick<NodeEntity, 'scope' | 'name'> & { busPublicKey: string };

/** What a Node starts with, and the epochs of that moment. */
interface HandedOut {
  nodeId: string;
  busJwt: string;
  bundle: string;
  epochs: Epochs;
}

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
    private readonly transactions: CommandTransactions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  add(joining: JoiningNode, identity: RequestIdentity): Promise<AddNodeReply> {
    return this.transactions.oncePrepared(identity, {
      prepare: () => this.handOut(joining),
      lock: () => ({ shared: nodeScopes(joining.scope) }),
      work: (manager, handedOut) => this.commit(manager, joining, handedOut, identity),
    });
  }

  private async handOut({ scope, name, busPublicKey }: JoiningNode): Promise<HandedOut> {
    const epochs = await presentEpochs(this.database.manager, scope);
    const nodeId = randomUUID();
    const bundleRequest: Omit<SignBundle, 'duration_ms'> = {
      scope,
      epoch: epochs.epoch,
      platform_epoch: epochs.platformEpoch,
    };
    const credentialRequest: IssueBusCredential = { kind: 'node', id: nodeId, name, public_key: busPublicKey };
    const [{ bundle }, { jwt }] = await Promise.all([
      this.signers.ask<SignBundleReply>(PLATFORM, 'sign-bundle', bundleRequest, isBundle),
      this.signers.askAny<BusJwtReply>('issue-bus-credential', credentialRequest),
    ]);
    return { nodeId, busJwt: jwt, bundle, epochs };
  }

  private async commit(
    manager: EntityManager,
    joining: JoiningNode,
    { nodeId, busJwt, bundle, epochs }: HandedOut,
    identity: RequestIdentity,
  ): Promise<AddNodeReply> {
    const { scope, name, busPublicKey } = joining;
    const { epoch, platformEpoch } = await presentEpochs(manager, scope);
    // A ring has changed since the bundle was made: another one is.
    if (epoch !== epochs.epoch || platformEpoch !== epochs.platformEpoch) throw problem('epochMismatch', { epoch });
    if (!(await takeBusKey(manager, busPublicKey))) throw problem('nodeExists', { field: 'bus_public_key' });
    if (!(await insertNode(manager, nodeId, joining))) throw problem('nodeExists', { field: 'name' });
    await manager.insert(NodeStreamEntity, {
      nodeId,
      scope,
      toldEpoch: epoch,
      toldPlatformEpoch: platformEpoch,
      settledEpoch: epoch,
      settledPlatformEpoch: platformEpoch,
    });
    await writeAudit(manager, identity, { scope, after: { node_id: nodeId, name } });
    this.logger.info({ scope, node: nodeId, epoch }, 'node added');
    return { node_id: nodeId, scope, name, bus_jwt: busJwt, bundle };
  }
}

async function presentEpochs(manager: EntityManager, scope: string): Promise<Epochs> {
  const ring = await manager.findOneBy(KeyRingEntity, { scope });
  const platform = await manager.findOneBy(KeyRingEntity, { scope: PLATFORM });
  if (ring === null || platform === null) throw problem('unknownScope', { field: 'scope' });
  if (await hasLaterStatement(manager, scope)) throw problem('epochWentBack');
  return { epoch: ring.epoch, platformEpoch: platform.epoch };
}

/**
 * False where the scope has an enrolled Node of that name. The index decides and not a look before: those who join share
 * the scope's lock, so two of one name may be at it at once, and the second waits here for what becomes of the first.
 */
async function insertNode(
  manager: EntityManager,
  nodeId: string,
  { scope, name, busPublicKey }: JoiningNode,
): Promise<boolean> {
  const inserted = await manager.query<unknown[]>(
    `INSERT INTO ring.node (id, scope, name, bus_public_key) VALUES ($1, $2, $3, $4)
     ON CONFLICT (scope, name) WHERE state = 'enrolled' DO NOTHING RETURNING id`,
    [nodeId, scope, name, busPublicKey],
  );
  return inserted.length === 1;
}

const isBundle = ({ bundle }: Partial<SignBundleReply>): boolean => typeof bundle === 'string';
