import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { FORKED } from '@plexsphere/keyring';
import { DataSource, type EntityManager } from 'typeorm';
import type { ClaimedNode, OrdinaryEvent } from './claimed-node';
import { Candidates, ROOM_OF_UNKNOWN, type Rank } from './candidates';
import { CLAIM_MS, claimNodes, type TakenNode } from './claim-nodes';
import { findCandidates } from './find-candidates';
import { markWaiting } from './mark-waiting';
import { placeReadies } from './place-readies';
import { ringsOf } from './rings-read';
import { RestingRings } from './resting-rings';
import { planNoResending } from './plan-no-resending';
import { releaseClaims } from './release-claims';
import { takeNextMessages } from './take-next-messages';
import { tellMembers } from './tell-members';
import { unsendMessages } from './unsend-messages';
import { writeResyncs } from './write-resyncs';
import { RECEIVERS } from '../receivers';
import type { NextChoice, NextMessage, OrdinaryMessage } from './next-message';

/** The name under which this process claims Nodes. Unique to the process: one that starts anew owns nothing. */
export class RelayIdentity {
  readonly name = `relay-${randomBytes(4).toString('hex')}`;
}

/** A Node of ours until `deadline`, and what it gets. */
export interface Claim {
  node: ClaimedNode;
  message: NextMessage;
  /** What it gets behind an ordinary event, in this order: others. */
  behind: OrdinaryMessage[];
  /** Both by this process's monotonic clock, in milliseconds; the rings were read after the first. */
  claimedAt: number;
  deadline: number;
}

/** A Node of which something seemed due, and nothing was, is left alone for so long: whatever it was must not spin. */
const NOTHING_DUE_DEFER_MS = 250;
/** One on a fork, to which nothing may be sent for now, waits for what somebody does about it. */
const FORKED_DEFER_MS = 2_000;

/** A claim ends here a little before it does in the database: what is sent at the last instant must have a chance. */
const MARGIN_MS = 250;

/** Of those that seem due many may be none any more; then others have their turn in the same claim. */
const MOST_TRIES = 4;

/** Of a Node's claims, how many go by before a close is told though an event waits. */
const CLOSE_NEWS_EACH = 4;

/** While no signer serves the platform there is nobody to sign for a close, and nobody to ask all the time. */
const CLOSE_NEWS_REST_MS = 2_000;

@Injectable()
export class Claims {
  /** Of channels, whose secrets nobody seals now: their members hear everything else meanwhile. */
  readonly restingRings = new RestingRings();
  /** By this process's monotonic clock: when a look last brought anybody, whoever had claimed them. */
  foundAt = performance.now();
  private closeNewsRestUntil = 0;

  private get tellsCloseNews(): boolean {
    return performance.now() >= this.closeNewsRestUntil;
  }

  constructor(
    private readonly database: DataSource,
    private readonly identity: RelayIdentity,
    private readonly candidates: Candidates,
  ) {}

  /** Whether another claim may find more at once. */
  get hasMore(): boolean {
    return this.candidates.hasMore;
  }

  /**
   * Up to `limit` Nodes of which something is due. Owner, attempt, position and message are committed when this returns,
   * so that nothing is ever published of which the database knows nothing (ADR 0004, 0006).
   */
  async take(limit: number): Promise<Claim[]> {
    const closeNews = this.tellsCloseNews;
    // A hint needs no transaction, and as a rule there is nobody.
    await this.look(closeNews);
    const first = this.candidates.choose(limit);
    if (first.size === 0) return [];
    // Read before the database sets its deadline, so that ours is never the later one.
    const claimedAt = performance.now();
    const deadline = claimedAt + CLAIM_MS - MARGIN_MS;
    return this.database.transaction('READ COMMITTED', async (manager) => {
      const nodes = await this.claim(manager, first, { limit, closeNews });
      if (nodes.length === 0) return [];
      await unsendMessages(manager, idsOf(nodes.filter((node) => node.sendsAgain)));
      await writeResyncs(manager, idsOf(nodes.filter((node) => node.needsResync)));
      await tellMembers(manager, idsOf(nodes.filter((node) => node.lacksEvents)));
      const messages = await this.nextMessages(manager, nodes);
      const claims = nodes.flatMap((node) => {
        const [message, ...behind] = messages.get(node.nodeId) ?? [];
        return message === undefined ? [] : [{ node, message, behind: behind.filter(isOrdinary), claimedAt, deadline }];
      });
      await this.leaveAlone(
        manager,
        nodes.filter((node) => !messages.has(node.nodeId)),
      );
      return claims;
    });
  }

  /** What it was claimed for stands on the stream, or is let go: what is due to it next is due at once. */
  goesOn({ node: { nodeId, scope, hello }, message: { kind } }: Claim): void {
    const wasPassedOver = this.candidates.wasPassedOver(nodeId);
    // Whoever waits for an announcement alone, as all Nodes of a ring do, has nothing else as a rule.
    if (kind === 'announce' && hello === null && !wasPassedOver) return;
    this.candidates.note(scope, nodeId, kind === 'chain' ? 'news' : 'due');
  }

  /** For a while nobody is claimed for the news of a close alone. */
  restCloseNews(): void {
    this.closeNewsRestUntil = performance.now() + CLOSE_NEWS_REST_MS;
  }

  private async look(closeNews: boolean): Promise<void> {
    const asked = this.candidates.ask();
    const beganAt = performance.now();
    const found = await findCandidates(this.database, asked, { room: ROOM_OF_UNKNOWN, closeNews });
    const endedAt = performance.now();
    this.candidates.add(asked, found, endedAt - beganAt);
    if (found.length > 0) this.foundAt = endedAt;
  }

  /** Takes those whose turn it is, and others in the place of whom nothing is due. */
  private async claim(
    manager: EntityManager,
    first: ReadonlyMap<string, Rank>,
    { limit, closeNews }: { limit: number; closeNews: boolean },
  ): Promise<TakenNode[]> {
    const nodes: TakenNode[] = [];
    let chosen = new Map(first);
    for (let tries = 1; chosen.size > 0; tries++) {
      const taken = await claimNodes(manager, this.identity.name, [...chosen.keys()], { closeNews });
      nodes.push(...taken);
      for (const nodeId of idsOf(taken)) chosen.delete(nodeId);
      for (const nodeId of chosen.keys()) this.candidates.passOver(nodeId);
      await planNoResending(
        manager,
        [...chosen].filter(([, rank]) => rank === 'again').map(([nodeId]) => nodeId),
      );
      if (tries === MOST_TRIES || nodes.length >= limit) break;
      chosen = this.candidates.choose(limit - nodes.length);
    }
    return nodes;
  }

  /** By Node; none for a Node of which something seemed due, and nothing is. */
  private async nextMessages(
    manager: EntityManager,
    nodes: readonly ClaimedNode[],
  ): Promise<Map<string, NextMessage[]>> {
    const rings = await ringsOf(manager, nodes);
    const choices = new Map<string, NextChoice>();
    for (const node of nodes) {
      const choice = RECEIVERS[node.listens].chooseNext(node, rings);
      if (choice !== undefined) choices.set(node.nodeId, this.inTurn(node, choice));
    }
    const those = (is: (choice: NextChoice) => boolean): string[] =>
      [...choices].filter(([, choice]) => is(choice)).map(([nodeId]) => nodeId);
    await markWaiting(
      manager,
      those(({ kind }) => kind === 'waits'),
    );
    const events = await takeNextMessages(
      manager,
      those(({ kind }) => kind === 'ordinary'),
      this.restingRings.now(),
    );
    const positions = await placeReadies(
      manager,
      those((choice) => 'isNumbered' in choice),
    );
    const messages = new Map<string, NextMessage[]>();
    for (const [nodeId, choice] of choices) {
      const those = messagesOf(choice, events.get(nodeId), positions.get(nodeId));
      if (those.length > 0) messages.set(nodeId, those);
    }
    return messages;
  }

  /** Now and then a close goes first: a Node for which there is always an event would never hear of it. */
  private inTurn(node: ClaimedNode, choice: NextChoice): NextChoice {
    const closesFirst = node.attempt % CLOSE_NEWS_EACH === 0 && this.tellsCloseNews;
    return closesFirst && choice.kind === 'ordinary' ? (choice.otherwise ?? choice) : choice;
  }

  private async leaveAlone(manager: EntityManager, nodes: readonly ClaimedNode[]): Promise<void> {
    const releases = nodes.map(({ nodeId, attempt, toldEpoch, toldPlatformEpoch }) => ({
      ...{ nodeId, attempt },
      deferMs: toldEpoch === FORKED || toldPlatformEpoch === FORKED ? FORKED_DEFER_MS : NOTHING_DUE_DEFER_MS,
    }));
    await releaseClaims(manager, this.identity.name, releases);
  }
}

const idsOf = (nodes: readonly ClaimedNode[]): string[] => nodes.map(({ nodeId }) => nodeId);

function messagesOf(
  choice: NextChoice,
  events: readonly OrdinaryEvent[] | undefined,
  position: number | undefined,
): NextMessage[] {
  if (choice.kind === 'waits') return [];
  if (choice.kind === 'ready' && position !== undefined) return [{ ...choice, position }];
  if (choice.kind !== 'ordinary') return [choice];
  const { otherwise, ...ordinary } = choice;
  if (events === undefined) return otherwise === undefined ? [] : [otherwise];
  return events.map((event) => ({ ...ordinary, event }));
}

const isOrdinary = (message: NextMessage): message is OrdinaryMessage => message.kind === 'ordinary';
