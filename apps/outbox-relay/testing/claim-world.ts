/** For specs: the claiming and settling SQL on a real PostgreSQL, under the relay's own role, without a bus. */
import { randomUUID } from 'node:crypto';
import { migrateStore } from '@plexsphere/store';
import { testDatabase, type TestDatabase } from '@plexsphere/testkit';
import { PLATFORM } from '@plexsphere/wire';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { Candidates } from '../src/claim/candidates';
import { Claims, RelayIdentity, type Claim } from '../src/claim/claims';
import type { Asked, Found } from '../src/claim/find-candidates';
import type { NextMessage } from '../src/claim/next-message';
import { ClaimResults } from '../src/publish/claim-results';
import { relayDatabase } from '../src/database-options';
import { chainMarks, type Marks } from '../src/write/message-writer';
import type { NodeStreamWord } from '../src/settle/read-http-words';
import { recordWords, type RecordedWords } from '../src/settle/record-words';
import { recordHellos, type RecordedHellos } from '../src/settle/record-hellos';
import { markKeys } from '../src/settle/mark-keys';
import { settleAcks } from '../src/settle/settle-acks';
import type { CountedWord, NodeWord } from '../src/settle/node-word';
import { SeededMesh, type MessageRow } from './seeded-mesh';

/** What is claimed by whom is looked at: a machine that is too slow for a hundred at once has them wait for a connection. */
const patient = (options: DataSourceOptions): DataSourceOptions =>
  ({ ...options, extra: { ...(options.extra as object), connectionTimeoutMillis: 60_000 } }) as DataSourceOptions;

/** Each look is from the start. */
class RestlessCandidates extends Candidates {
  override add(asked: readonly Asked[], found: readonly Found[]): void {
    super.add(asked, found, 0);
  }
}

export interface Claimer {
  name: string;
  claims: Claims;
  results: ClaimResults;
}

/** A chain is taken for one of a single part. */
export function marksOf({ node, message }: Claim): Marks {
  if (message.kind === 'chain') return chainMarks(node, message, { platform: [], own: [], next: null });
  const { trustEpoch, position = undefined } = { position: undefined, ...message };
  if (trustEpoch === undefined) return { told: message.kind === 'announce' ? message.told : {} };
  return {
    told: message.kind === 'announce' ? message.told : {},
    issuedAt: new Date().toISOString(),
    ...(position !== undefined && { ready: { epoch: trustEpoch, position } }),
  };
}

export const wordOf = (message: NextMessage): string => {
  if (message.kind === 'announce') return message.eventType;
  return message.kind === 'ordinary' ? `${message.event.position}` : message.kind;
};

/** All that is said of a claim, one after the other. */
export const messagesOf = ({ message, behind }: Claim): NextMessage[] => [message, ...behind];

export const ordinaryIds = (messages: readonly NextMessage[]): string[] =>
  messages.flatMap((message) => (message.kind === 'ordinary' ? [message.event.id] : []));

/** Heads that are left out are those of the ring at these epochs. */
export type Said = Omit<NodeWord, 'heads' | 'listens'> & { heads?: Partial<NodeWord['heads']> };

export const ack = (
  nodeId: string,
  epoch: number,
  position: number,
  platformEpoch = 1,
  heads: Said['heads'] = {},
): Said => ({ nodeId, epoch, platformEpoch, position, heads });

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
    const source = await new DataSource(patient(relayDatabase(url, 'spec'))).initialize();
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
      claims: new Claims(this.source, identity, new RestlessCandidates()),
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
      marks: { ...marksOf(claim), ...(message.kind === 'ready' && { answeredHelloId: message.helloId }) },
      ordinaryIds: ordinaryIds(messagesOf(claim)),
    });
  }

  /** Claims, and says how many Nodes were claimed: those that get nothing, too. */
  async claimed({ claims }: Claimer, limit: number): Promise<number> {
    const attempts = async (): Promise<number> => {
      const [row] = await this.source.query<{ n: number }[]>('SELECT sum(attempt)::int AS n FROM outbox.node_stream');
      return row?.n ?? NaN;
    };
    const before = await attempts();
    await claims.take(limit);
    return (await attempts()) - before;
  }

  /** Claims until nothing is due, and says what was said to each Node. */
  async drain(by: Claimer): Promise<Map<string, string[]>> {
    const said = new Map<string, string[]>();
    for (;;) {
      const claims = await by.claims.take(100);
      if (claims.length === 0 && !by.claims.hasMore) return said;
      for (const claim of claims) {
        said.set(claim.node.nodeId, [...(said.get(claim.node.nodeId) ?? []), ...messagesOf(claim).map(wordOf)]);
      }
      await Promise.all(claims.map((claim) => this.mark(by, claim)));
    }
  }

  /** A Node's messages, once everything that is to be marked in them is. */
  async messages(nodeId: string): Promise<MessageRow[]> {
    while (await markKeys(this.source));
    return this.mesh.messages(nodeId);
  }

  /** Returns those that were refused. */
  async settle(...acks: Said[]): Promise<CountedWord[]> {
    const words = acks.map((each) => this.word(each));
    const { refused } = await this.source.transaction('READ COMMITTED', (manager) => settleAcks(manager, words));
    return refused;
  }

  /** What a gateway says of a Node; read now, where nothing else is said. */
  async say(nodeId: string, word: Partial<Omit<NodeStreamWord, 'nodeId'>>): Promise<RecordedWords> {
    const said = { helloId: null, epoch: 1, isProven: false, position: null, waits: false, ...word };
    const readAt = word.readAt ?? (await this.mesh.now());
    return this.source.transaction('READ COMMITTED', (manager) => recordWords(manager, [{ nodeId, ...said, readAt }]));
  }

  hello(
    nodeId: string,
    helloId: string,
    epoch: number,
    { platformEpoch = 1, position = 0, heads = {} }: Partial<Said> = {},
  ): Promise<RecordedHellos> {
    const hello = { ...this.word({ nodeId, epoch, platformEpoch, position, heads }), helloId };
    return this.source.transaction('READ COMMITTED', (manager) => recordHellos(manager, [hello]));
  }

  word({ heads, ...said }: Said): NodeWord {
    const ring = this.mesh.headAt(this.mesh.scopeOf(said.nodeId), said.epoch);
    return {
      ...said,
      listens: 'bus',
      heads: { ring, platform: this.mesh.headAt(PLATFORM, said.platformEpoch), ...heads },
    };
  }
}
