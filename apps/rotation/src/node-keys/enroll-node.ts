import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, type Logger } from '@plexsphere/service-kit';
import { enrolledNodeId, problem, type Scope } from '@plexsphere/wire';
import type { EnrollNode as EnrollRequest, EnrollNodeReply } from '@plexsphere/wire/commands';
import type { ReadProof } from '@plexsphere/wire/jws';
import { DataSource, type EntityManager } from 'typeorm';
import { takeBusKey } from '../bus-account/bus-users';
import { nodeName, nodeNameBeside } from '../enrolment/node-name';
import { findEnrolToken, markUsed, redeemable, type EnrolToken } from '../enrolment/redeem-token';
import { Joining, insertStream, requirePresent, type Epochs, type StartingBundle } from '../nodes/joining';
import { CommandTransactions } from '../transactions/command-transactions';
import { nodeScopes } from '../transactions/scope-lock';
import { writeAudit } from '../transactions/write-audit';
import { byKey } from './by-key';
import { insertKey } from './change-key';
import { proofOf, requireFresh } from './judge-proof';
import { keyReply } from './key-reply';
import { NodeTokens, type NodeToken } from './node-tokens';
import { readNode, readTerms, type KnownNode } from './read-node';

/** Whoever comes: what they showed, and what they would be. */
interface Comer {
  nodeId: string;
  publicKey: string;
  hostname: string;
  requestHash: string;
  enrolToken: EnrolToken;
}

/** What is made before the lock. */
interface Prepared {
  starting: StartingBundle;
  token: NodeToken;
  now: Date;
}

/**
 * A Node comes with an enrolment token and a key of its own making: the token is used, and the Node is in the next fan-out
 * or starts with the keys that it brought about, in one transaction under the scope's shared lock, as any Node is added.
 */
@Injectable()
export class EnrollNode {
  constructor(
    private readonly database: DataSource,
    private readonly joining: Joining,
    private readonly tokens: NodeTokens,
    private readonly transactions: CommandTransactions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws Problem proofInvalid, wrongAudience, proofStale, notAuthenticated, enrolTokenOver, nodeKeyInUse, permissionDenied */
  async enroll(nodeId: string, request: EnrollRequest): Promise<EnrollNodeReply> {
    const { manager } = this.database;
    const proof = proofOf(['enroll'], request.proof);
    requireFresh(proof.claims, request.token_hash, (await readTerms(manager)).now);
    if (nodeId !== enrolledNodeId(request.token_hash, proof.publicKey)) {
      throw problem('proofInvalid', { reason: 'another node' });
    }
    const comer = comerOf(nodeId, proof, await findEnrolToken(manager, request.token_hash));
    const { scope } = comer.enrolToken;
    return this.transactions.oncePrepared(byKey('edge.enroll', nodeId, proof.hash), {
      prepare: () => this.prepare(comer),
      lock: () => ({ shared: nodeScopes(scope) }),
      work: (transaction, prepared) => this.commit(transaction, comer, prepared),
    });
  }

  private async prepare({ nodeId, publicKey, hostname, enrolToken }: Comer): Promise<Prepared> {
    const { now } = await readTerms(this.database.manager);
    const [starting, token] = await Promise.all([
      this.joining.bundleFor(enrolToken.scope),
      this.tokens.issue({ id: nodeId, name: nodeName(hostname), publicKey }, now),
    ]);
    return { starting, token, now };
  }

  private async commit(manager: EntityManager, comer: Comer, prepared: Prepared): Promise<EnrollNodeReply> {
    const { nodeId, publicKey, enrolToken } = comer;
    const { scope } = enrolToken;
    const { bundle } = prepared.starting;
    const epochs = await requirePresent(manager, scope, prepared.starting);
    const isAgain = (await redeemable(manager, enrolToken, { publicKey })) !== undefined;
    if (!isAgain) await this.make(manager, comer, prepared, epochs);
    const node = await present(manager, comer);
    await writeAudit(manager, byKey('edge.enroll', nodeId, comer.requestHash), {
      scope,
      after: { node_id: nodeId, name: node.name, public_key: publicKey },
      detail: { enrol_token: enrolToken.id, created_by: enrolToken.createdBy, again: isAgain },
    });
    this.logger.info({ scope, node: nodeId, token: enrolToken.id, again: isAgain }, 'node enrolled by its key');
    return { ...keyReply(node, node.latest, prepared.now), scope, name: node.name, bundle };
  }

  private async make(
    manager: EntityManager,
    { nodeId, publicKey, hostname, requestHash, enrolToken }: Comer,
    { token, now }: Prepared,
    epochs: Epochs,
  ): Promise<void> {
    const { scope } = enrolToken;
    if (!(await takeBusKey(manager, publicKey))) throw problem('nodeKeyInUse', { field: 'proof' });
    await insertNode(manager, { nodeId, scope, hostname, publicKey, rotateAfter: this.tokens.rotateAfter(now) });
    await insertKey(manager, { nodeId, generation: 1, publicKey, requestHash, token, at: now });
    await insertStream(manager, { nodeId, scope, listens: 'bus' }, epochs);
    await markUsed(manager, enrolToken, nodeId);
  }
}

const comerOf = (nodeId: string, { publicKey, claims, hash }: ReadProof<'enroll'>, enrolToken: EnrolToken): Comer => ({
  ...{ nodeId, publicKey, hostname: claims.name, requestHash: hash, enrolToken },
});

async function present(manager: EntityManager, { nodeId, publicKey }: Comer): Promise<KnownNode> {
  const node = await readNode(manager, nodeId, publicKey);
  if (node === undefined) throw new Error('a Node that was just made is not there');
  return node;
}

interface NewNode {
  nodeId: string;
  scope: Scope;
  hostname: string;
  publicKey: string;
  rotateAfter: Date;
}

/**
 * By its hostname, or beside the one that is called so. The index decides: those who join share the scope's lock, so two may
 * be at one name, and the second, which waits here for what becomes of the first, finds it taken when it looks again.
 */
async function insertNode(manager: EntityManager, node: NewNode): Promise<void> {
  const { nodeId, scope, hostname, publicKey, rotateAfter } = node;
  const names = [nodeName(hostname), nodeNameBeside(hostname, nodeId)];
  for (const name of names) {
    const inserted = await manager.query<unknown[]>(
      `INSERT INTO ring.node (id, scope, name, bus_public_key, rotate_after) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (scope, name) WHERE state = 'enrolled' DO NOTHING RETURNING id`,
      [nodeId, scope, name, publicKey, rotateAfter],
    );
    if (inserted.length === 1) return;
  }
  throw problem('nodeExists', { field: 'name' });
}
