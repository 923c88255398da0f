import { Injectable } from '@nestjs/common';
import type { NodeView } from '../views/node-views';

/** Beyond them whoever was let in first is looked up among strangers again. */
const MOST_KNOWN = 100_000;

/** Which bearers and keys were found to be their Nodes' or clients' own. It lets nobody in: it says who is looked up before strangers. */
@Injectable()
export class KnownBearers {
  /** By the Node: the hash, as text, since a piece of a row would keep all of it. */
  private readonly hashes = new Map<string, string>();

  has(nodeId: string, hash: Buffer): boolean {
    return this.hashes.get(nodeId) === hash.toString('base64');
  }

  note({ id, bearerHash }: Pick<NodeView, 'id' | 'bearerHash'>): void {
    // To the end: whoever calls stays.
    this.hashes.delete(id);
    this.hashes.set(id, bearerHash.toString('base64'));
    const [first] = this.hashes.keys();
    if (this.hashes.size > MOST_KNOWN && first !== undefined) this.hashes.delete(first);
  }

  forget(nodeId: string): void {
    this.hashes.delete(nodeId);
  }
}
