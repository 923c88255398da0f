/** For specs: relays whose publishing is a call, so that they can die between any two steps. */
import { CHAIN_STATEMENTS } from '@plexsphere/wire';
import type { SeededRandom } from '@plexsphere/testkit';
import { chainMarks, type Marks } from '../src/write/message-writer';
import { writePart } from '../src/write/chain-part';
import type { Claim } from '../src/claim/claims';
import { readStatements } from '../src/write/read-statements';
import { replaceBusStream } from '../src/publish/bus-stream-record';
import type { NextMessage } from '../src/claim/next-message';
import { messagesOf, ordinaryIds, type ClaimWorld, type Claimer } from './claim-world';
import type { ModelNode, Said, ToldRing } from './model-node';

interface Sent {
  said: Said;
  marks: Marks;
}

/** What stands on the stream of a claim. */
interface Published {
  messages: NextMessage[];
  marks: Marks;
  /** Of the last one. */
  sequence: number;
}

export class ModelBus {
  private readonly relays: Claimer[];
  private readonly last = new Map<string, number>();
  private sequence = 0;
  private streams = 0;

  constructor(
    private readonly world: ClaimWorld,
    private readonly nodes: readonly ModelNode[],
    private readonly random: SeededRandom,
    private readonly statements: () => readonly number[],
    /** What may happen between any two messages of a claim. */
    private readonly between: () => Promise<unknown> = () => Promise.resolve(),
  ) {
    this.relays = [world.claimer(), world.claimer()];
  }

  /** A claim's worth; each message arrives with this likelihood. Returns whether there may be more. */
  async deliver(likelihood: number): Promise<boolean> {
    const by = this.random.pick(this.relays);
    const claims = await by.claims.take(this.random.integer(1, 3));
    for (const claim of claims) {
      const sequence = this.lastOf(claim);
      if (sequence !== claim.node.lastSequence) {
        await by.results.otherSequence(claim.node, sequence);
        continue;
      }
      const { node, message } = claim;
      const { nodeId, attempt } = node;
      if (!this.isSigned(claim)) {
        await by.results.released({ nodeId, attempt, deferMs: 0 });
        continue;
      }
      const sent = await this.publish(claim, { likelihood });
      if (sent === undefined) continue;
      await by.results.published({
        nodeId,
        attempt,
        sequence: sent.sequence,
        marks: { ...sent.marks, ...(message.kind === 'ready' && { answeredHelloId: message.helloId }) },
        ordinaryIds: ordinaryIds(sent.messages),
      });
    }
    return claims.length > 0 || by.claims.hasMore;
  }

  /** Nobody signs: what the relay claimed it gives back. */
  async giveBack(): Promise<void> {
    const by = this.random.pick(this.relays);
    const claims = await by.claims.take(this.random.integer(1, 3));
    for (const { node, message } of claims) {
      const release = { nodeId: node.nodeId, attempt: node.attempt, deferMs: 0 };
      const isPutBack = message.kind === 'ordinary' && message.event.channel !== null && message.event.isPlacedNow;
      await (isPutBack ? by.results.putBack(release, message.event) : by.results.released(release));
    }
  }

  async die({ published }: { published: boolean }): Promise<void> {
    const claims = await this.random.pick(this.relays).claims.take(2);
    for (const claim of claims) {
      const isNext = this.lastOf(claim) === claim.node.lastSequence;
      if (published && isNext && this.isSigned(claim)) await this.publish(claim, { likelihood: 1 });
      await this.world.mesh.set(claim.node.nodeId, `claim_deadline = clock_timestamp()`);
    }
  }

  async loseStream(): Promise<void> {
    const before = this.streams === 0 ? undefined : `${this.streams}`;
    const now = `${++this.streams}`;
    await this.world.source.transaction((manager) => replaceBusStream(manager, 'EVENTS', { before, now }));
    this.last.clear();
    for (const node of this.nodes) await node.reconnect();
  }

  /** By signers that are at the ring's epoch: what was claimed for the ring as it was before, they refuse. */
  private isSigned({ node, message }: Claim): boolean {
    return message.epoch === this.world.mesh.of(node.scope).epoch;
  }

  private lastOf({ node }: Claim): number {
    return this.last.get(node.nodeId) ?? 0;
  }

  /**
   * All of a claim are signed at once. Between any two of them something else may happen, or one may not be published after
   * all, and then none behind it is. Undefined where the stream is another one meanwhile: nothing is marked then.
   */
  private async publish(claim: Claim, { likelihood }: { likelihood: number }): Promise<Published | undefined> {
    const { nodeId } = claim.node;
    const node = this.nodes.find(({ id }) => id === nodeId);
    const messages: NextMessage[] = [];
    const written = await Promise.all(messagesOf(claim).map((message) => this.write(claim.node, message)));
    const { marks } = written[0]!;
    let sequence = 0;
    for (const [i, message] of messagesOf(claim).entries()) {
      if (i > 0 && this.random.next() < 0.1) await this.between();
      if (i > 0 && this.random.next() < 0.1) break;
      const last = this.lastOf(claim);
      // Somebody else has the Node now, or it is another stream: the bus refuses what comes out of its sequence.
      if (i > 0 && last !== sequence) return undefined;
      sequence = ++this.sequence;
      this.last.set(nodeId, sequence);
      messages.push(message);
      if (this.random.next() < likelihood) await node?.hear({ said: written[i]!.said, sequence, last });
    }
    return { messages, marks, sequence };
  }

  private async write(node: Claim['node'], message: NextMessage): Promise<Sent> {
    const head = this.statements().at(-1) ?? 1;
    switch (message.kind) {
      case 'announce':
        return {
          said: { kind: 'announce', statement: message.told.epoch ?? 0, signedAfter: this.headAt(node.toldEpoch) },
          marks: { told: message.told },
        };
      case 'ready': {
        const { settledPosition: resumesAfter, lastPosition } = node;
        return {
          said: { kind: 'ready', helloId: message.helloId, resumesAfter, lastPosition, head },
          marks: { told: {} },
        };
      }
      case 'ordinary': {
        const { position, eventId, channel } = message.event;
        const told = channel && { channel: await this.ringAt(channel.scope) };
        const isResync = message.event.eventType === 'resync';
        return { said: { kind: 'ordinary', position, eventId, head, isResync, ...told }, marks: { told: {} } };
      }
      case 'chain': {
        const { scope } = node;
        const limit = CHAIN_STATEMENTS + 1;
        const ahead = await readStatements(this.world.source.manager, scope, message.from, { upTo: message, limit });
        const { part } = writePart(message.from, ahead);
        const end = part.next === null ? { bundle: { head, epoch: message.epoch } } : {};
        const marks = chainMarks(node, message, part);
        return { said: { kind: 'chain', statements: [...part.own], ...end }, marks };
      }
    }
  }

  /** As a signer that hears of every change at once would build it. */
  private async ringAt(scope: string): Promise<ToldRing> {
    const [row] = await this.world.source.query<{ epoch: number }[]>(
      'SELECT epoch::float8 FROM ring.key_ring WHERE scope = $1',
      [scope],
    );
    return { scope, epoch: row?.epoch ?? 0 };
  }

  private headAt(epoch: number): number {
    return this.statements().findLast((statement) => statement <= epoch) ?? 1;
  }
}
