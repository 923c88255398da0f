/** For specs: the claiming and settling SQL on a real PostgreSQL, under the relay's own role, without a bus. */
import { randomUUID } from 'node:crypto';
import { migrateStore, storeOptions } from '@plexsphere/store';
import { testDatabase, type TestDatabase } from '@plexsphere/testkit';
import { PLATFORM } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import { Claims, RelayIdentity, type Claim } from '../src/claim/claims';
import { ClaimResults } from '../src/publish/claim-results';
import type { NodeAck } from '../src/settle/combine-acks';
import { recordHellos } from '../src/settle/record-hellos';
import { settleAcks } from '../src/settle/settle-acks';
import type { Told } from '../src/claim/next-message';
import { SeededMesh } from './seeded-mesh';

export interface Claimer {
  name: string;
  claims: Claims;
  results: ClaimResults;
}

/** A chain is taken for one of a single part. */
function toldBy({ message }: Claim): { told: Told; chain?: null } {
  if (message.kind !== 'chain') return { told: message.kind === 'announce' ? message.told : {} };
  return { told: { epoch: message.epoch, platformEpoch: message.platformEpoch }, chain: null };
}

export const wordOf = ({ message }: Claim): string => {
  if (message.kind === 'announce') return message.eventType;
  return message.kind === 'ordinary' ? `${message.event.position}` : message.kind;
};

export const ack = (nodeId: string, epoch: number, position: number, platformEpoch = 1): NodeAck => ({
  nodeId,
  epoch,
  platformEpoch,
  position,
});

export class ClaimWorld {
  readonly domain = `domain:${randomUUID()}`;
  private sequence = 0;

  private constructor(
    private readonly database: TestDatabase,
    readonly source: DataSource,
    readonly mesh: SeededMesh,
  ) {}

  static async create(): Promise<ClaimWorld> {
    const database = await testDatabase({ name: 'store', prepare: migrateStore });
    const url = await database.urlAs('outbox-relay');
    const source = await new DataSource(storeOptions(url, 'spec')).initialize();
    const world = new ClaimWorld(database, source, new SeededMesh(database.url));
    await world.mesh.ring(PLATFORM, 'p1');
    await world.mesh.ring(world.domain, 'd1');
    return world;
  }

  async end(): Promise<void> {
    await this.source.destroy();
    await this.mesh.close();
    await this.database.drop();
  }

  claimer(): Claimer {
    const identity = new RelayIdentity();
    return {
      name: identity.name,
      claims: new Claims(this.source, identity),
      results: new ClaimResults(this.source, identity),
    };
  }

  /** As if it had been published. */
  mark({ results }: Claimer, claim: Claim): Promise<void> {
    const { node, message } = claim;
    const { nodeId, attempt } = node;
    return results.published({
      nodeId,
      attempt,
      sequence: ++this.sequence,
      ...toldBy(claim),
      ...(message.kind === 'ordinary' && { ordinaryId: message.event.id }),
      ...(message.kind === 'ready' && { answeredHelloId: message.helloId }),
    });
  }

  /** Claims until nothing is due, and says what was said to each Node. */
  async drain(by: Claimer): Promise<Map<string, string[]>> {
    const said = new Map<string, string[]>();
    for (;;) {
      const { claims, claimed } = await by.claims.take(100);
      if (claimed === 0) return said;
      for (const claim of claims) {
        said.set(claim.node.nodeId, [...(said.get(claim.node.nodeId) ?? []), wordOf(claim)]);
      }
      await Promise.all(claims.map((claim) => this.mark(by, claim)));
    }
  }

  settle(...acks: NodeAck[]): Promise<NodeAck[]> {
    return this.source.transaction('READ COMMITTED', (manager) => settleAcks(manager, acks));
  }

  hello(nodeId: string, helloId: string, epoch: number, { platformEpoch = 1, position = 0 } = {}): Promise<string[]> {
    return recordHellos(this.source.manager, [{ nodeId, helloId, epoch, platformEpoch, position }]);
  }
}
