import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { isUuid, problem } from '@plexsphere/wire';
import { NodeViews, type NodeView } from '../views/node-views';
import { Strangers } from '../views/strangers';
import { CalledNodes } from './called-nodes';
import { KnownBearers } from '../door/known-bearers';

/** RFC 6750, section 2.1; longer than any that was given out. */
const BEARER = /^Bearer ([\x21-\x7e]{1,512})$/i;

/** What a caller shows as its own; undefined where that is nothing of the kind. */
export const bearerOf = (authorization: string | undefined): string | undefined =>
  BEARER.exec(authorization ?? '')?.[1];

export const bearerHash = (bearer: string): Buffer => createHash('sha256').update(bearer).digest();

/** Who calls: looked up at each call, so that whoever is removed is out with the next one. */
@Injectable()
export class NodeCredentials {
  constructor(
    private readonly views: NodeViews,
    private readonly known: KnownBearers,
    private readonly strangers: Strangers,
    private readonly called: CalledNodes,
  ) {}

  /**
   * The Node that `nodeId` names, where the bearer is its own. `requireCaller` is called before its row is read, and whenever
   * that had to wait for its turn: what it throws is thrown, and nothing is read.
   * @throws Problem notAuthenticated, for an unknown Node and a wrong bearer alike; nodeRemoved, nodeRevoked; tooManyWaiting behind other strangers
   */
  async authenticate(nodeId: string, authorization: string | undefined, requireCaller?: () => void): Promise<NodeView> {
    const bearer = bearerOf(authorization);
    if (bearer === undefined || !isUuid(nodeId)) throw problem('notAuthenticated');
    const node = await this.find(nodeId, bearerHash(bearer), requireCaller);
    if (node === undefined) throw problem('notAuthenticated');
    if (node.state !== 'enrolled') throw problem(node.state === 'revoked' ? 'nodeRevoked' : 'nodeRemoved');
    this.called.note(node);
    return node;
  }

  private async find(nodeId: string, hash: Buffer, requireCaller?: () => void): Promise<NodeView | undefined> {
    const read = () => this.views.read(nodeId, requireCaller);
    const isKnown = this.known.has(nodeId, hash);
    const node = await (isKnown ? read() : this.strangers.callers.run(read));
    const isOwn = node !== undefined && timingSafeEqual(node.bearerHash, hash);
    if (isOwn && node.state === 'enrolled') this.known.note(node);
    else if (isKnown) this.known.forget(nodeId);
    return isOwn ? node : undefined;
  }
}
