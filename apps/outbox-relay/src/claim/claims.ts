import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { ClaimedNode } from './claimed-node';
import { RelayIdentity } from '../identity';
import type { Rings } from './ring';
import { CLAIM_MS, claimNodes } from './claim-nodes';
import { readRings } from './read-rings';
import { releaseClaims } from './release-claims';
import { takeNextMessages } from './take-next-messages';
import { tidyKeyMessages } from './tidy-key-messages';
import { unsendMessages } from './unsend-messages';
import { writeResyncs } from './write-resyncs';
import { nextThing, type NextThing, type Saying } from './next-message';

/** A Node of ours until `deadline`, and what it is to hear. */
export interface Claim {
  node: ClaimedNode;
  saying: Saying;
  /** By this process's monotonic clock, in milliseconds. */
  deadline: number;
}

/** A Node that was due and had nothing to hear is left alone for so long: whatever it was must not spin. */
const NOTHING_SAID_DEFER_MS = 250;

/** A claim ends here a little before it does in the database: what is sent at the last instant must have a chance. */
const MARGIN_MS = 250;

/** Of a Node's claims, how many go by before a close is told though an event waits. */
const CLOSE_NEWS_EACH = 32;

/** While no signer serves the platform there is nobody to sign for a close, and nobody to ask all the time. */
const CLOSE_NEWS_REST_MS = 2_000;

@Injectable()
export class Claims {
  private closeNewsRestUntil = 0;

  private get tellsCloseNews(): boolean {
    return performance.now() >= this.closeNewsRestUntil;
  }

  constructor(
    private readonly database: DataSource,
    private readonly identity: RelayIdentity,
  ) {}

  /**
   * Up to `limit` Nodes of which something is due. Owner, attempt, position and what is to be said are committed when
   * this returns, so that nothing is ever published of which the database knows nothing. `claimed` counts those with
   * nothing to hear, too.
   */
  async take(limit: number): Promise<{ claims: Claim[]; claimed: number }> {
    // Read before the database sets its deadline, so that ours is never the later one.
    const deadline = performance.now() + CLAIM_MS - MARGIN_MS;
    return this.database.transaction('READ COMMITTED', async (manager) => {
      const nodes = await claimNodes(manager, this.identity.name, {
        limit,
        closeNews: this.tellsCloseNews,
      });
      if (nodes.length === 0) return { claims: [], claimed: 0 };
      await unsendMessages(
        manager,
        nodes.filter((node) => node.sendsAgain).map((node) => node.nodeId),
      );
      await writeResyncs(
        manager,
        nodes.filter((node) => node.needsResync).map((node) => node.nodeId),
      );
      const rings = await readRings(manager, nodes);
      const sayings = await this.decide(manager, nodes, rings);
      const silent = nodes.filter((node) => !sayings.has(node.nodeId));
      await this.leaveAlone(manager, silent);
      const claims = nodes.flatMap((node) => {
        const saying = sayings.get(node.nodeId);
        return saying === undefined ? [] : [{ node, saying, deadline }];
      });
      return { claims, claimed: nodes.length };
    });
  }

  /** For a while nobody is claimed for the news of a close alone. */
  restCloseNews(): void {
    this.closeNewsRestUntil = performance.now() + CLOSE_NEWS_REST_MS;
  }

  private async decide(
    manager: EntityManager,
    nodes: readonly ClaimedNode[],
    rings: Rings,
  ): Promise<Map<string, Saying>> {
    const things = new Map<string, NextThing>();
    for (const node of nodes) {
      const thing = nextThing(node, rings);
      if (thing !== undefined) things.set(node.nodeId, this.inTurn(node, thing));
    }
    const ordinary = [...things].filter(([, thing]) => thing.kind === 'ordinary').map(([nodeId]) => nodeId);
    const messages = await takeNextMessages(manager, ordinary);
    const sayings = new Map<string, Saying>();
    for (const [nodeId, thing] of things) {
      const message = messages.get(nodeId);
      if (thing.kind !== 'ordinary') sayings.set(nodeId, thing);
      else if (message !== undefined) sayings.set(nodeId, { kind: 'ordinary', epoch: thing.epoch, message });
      else if (thing.otherwise !== undefined) sayings.set(nodeId, thing.otherwise);
    }
    return sayings;
  }

  /** Now and then a close goes first: a Node for which there is always an event would never hear of it. */
  private inTurn(node: ClaimedNode, thing: NextThing): NextThing {
    const closesFirst = node.attempt % CLOSE_NEWS_EACH === 0 && this.tellsCloseNews;
    return closesFirst && thing.kind === 'ordinary' ? (thing.otherwise ?? thing) : thing;
  }

  private async leaveAlone(manager: EntityManager, nodes: readonly ClaimedNode[]): Promise<void> {
    await tidyKeyMessages(
      manager,
      nodes.map((node) => node.nodeId),
    );
    const releases = nodes.map(({ nodeId, attempt }) => ({ nodeId, attempt, deferMs: NOTHING_SAID_DEFER_MS }));
    await releaseClaims(manager, this.identity.name, releases);
  }
}
