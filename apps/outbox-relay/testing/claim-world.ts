/** For specs: the claiming and settling SQL on a real PostgreSQL, under the relay's own role, without a bus. */
import { randomUUID } from 'node:crypto';
import { migrateStore, storeOptions } from '@plexsphere/store';
import { testDatabase, type TestDatabase } from '@plexsphere/testkit';
import { PLATFORM } from '@plexsphere/wire';
import { DataSource } from 'typeorm';
import { Claims, type Claim } from '../src/claim/claims';
import { RelayIdentity } from '../src/identity';
import { Outcomes } from '../src/publish/claim-results';
import type { SaidAck } from '../src/settle/combine-acks';
import { recordHellos } from '../src/settle/record-hellos';
import { settleAcks } from '../src/settle/settle-acks';
import type { Told } from '../src/claim/next-message';
import { SeededMesh } from './seeded-mesh';

export interface Claimer {
  name: string;
  claims: Claims;
  outcomes: Outcomes;
}

/** A chain is taken for one of a single part. */
function toldBy({ saying }: Claim): { told: Told; chain?: null } {
  if (saying.kind !== 'chain') return { told: saying.kind === 'announce' ? saying.told : {} };
  return { told: { epoch: saying.epoch, platformEpoch: saying.platformEpoch }, chain: null };
}

export const wordOf = ({ saying }: Claim): string => {
  if (saying.kind === 'announce') return saying.eventType;
  return saying.kind === 'ordinary' ? `${saying.message.position}` : saying.kind;
};

export const ack = (nodeId: string, epoch: number, position: number, platformEpoch = 1): SaidAck => ({
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
      outcomes: new Outcomes(this.source, identity),
    };
  }

  /** As if it had been published. */
  mark({ outcomes }: Claimer, claim: Claim): Promise<void> {
    const { node, saying } = claim;
    return outcomes.published({
      ...node,
      sequence: ++this.sequence,
      ...toldBy(claim),
      ...(saying.kind === 'ordinary' && { ordinaryId: saying.message.id }),
      ...(saying.kind === 'ready' && { answeredHelloId: saying.helloId }),
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

  settle(...acks: SaidAck[]): Promise<SaidAck[]> {
    return this.source.transaction('READ COMMITTED', (manager) => settleAcks(manager, acks));
  }

  hello(nodeId: string, helloId: string, epoch: number, { platformEpoch = 1, position = 0 } = {}): Promise<string[]> {
    return recordHellos(this.source.manager, [{ nodeId, helloId, epoch, platformEpoch, position }]);
  }
}
