import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import type { NodeEntity } from '@plexsphere/store';
import { problem } from '@plexsphere/wire';
import type { AddNodeReply, BusJwtReply, IssueBusCredential } from '@plexsphere/wire/commands';
import type { EntityManager } from 'typeorm';
import { takeBusKey } from '../bus-account/bus-users';
import { Signers } from '../leases/signers';
import { CommandTransactions } from '../transactions/command-transactions';
import type { RequestIdentity } from '../transactions/requests';
import { nodeScopes } from '../transactions/scope-lock';
import { writeAudit } from '../transactions/write-audit';
import { Joining, insertStream, requirePresent, type StartingBundle } from './joining';

type JoiningNode = Pick<NodeEntity, 'scope' | 'name'> & { busPublicKey: string };

interface HandedOut extends StartingBundle {
  nodeId: string;
  busJwt: string;
}

/** Enrols a Node with a credential and the bundle of that very moment: what it starts with is what it was told. */
@Injectable()
export class AddNode {
  constructor(
    private readonly start: Joining,
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
    const nodeId = randomUUID();
    const credentialRequest: IssueBusCredential = { kind: 'node', id: nodeId, name, public_key: busPublicKey };
    const [starting, { jwt }] = await Promise.all([
      this.start.bundleFor(scope),
      this.signers.askAny<BusJwtReply>('issue-bus-credential', credentialRequest),
    ]);
    return { ...starting, nodeId, busJwt: jwt };
  }

  private async commit(
    manager: EntityManager,
    joining: JoiningNode,
    { nodeId, busJwt, ...starting }: HandedOut,
    identity: RequestIdentity,
  ): Promise<AddNodeReply> {
    const { scope, name, busPublicKey } = joining;
    const epochs = await requirePresent(manager, scope, starting);
    if (!(await takeBusKey(manager, busPublicKey))) throw problem('nodeExists', { field: 'bus_public_key' });
    if (!(await insertNode(manager, nodeId, joining))) throw problem('nodeExists', { field: 'name' });
    await insertStream(manager, { nodeId, scope, listens: 'bus' }, epochs);
    await writeAudit(manager, identity, { scope, after: { node_id: nodeId, name } });
    this.logger.info({ scope, node: nodeId, epoch: epochs.epoch }, 'node added');
    return { node_id: nodeId, scope, name, bus_jwt: busJwt, bundle: starting.bundle };
  }
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
