/**
 * One claim from its messages to their mark: has them written, publishes one after the other, notes what became of them.
 * All of a claim's are signed at once; each is published when the bus has taken the one before it (ADR 0045).
 */
import { Injectable } from '@nestjs/common';
import { ThrottledLog } from '@plexsphere/service-kit';
import { Problem } from '@plexsphere/wire';
import { Claims, type Claim } from './claim/claims';
import type { NextMessage, OrdinaryMessage } from './claim/next-message';
import type { Release } from './claim/release-claims';
import { Counters } from './counters';
import { ClaimResults } from './publish/claim-results';
import { Publisher, type PublishOutcome } from './publish/publisher';
import { RECEIVERS } from './receivers';
import { RingWatch } from './ring-watch';
import { WordWatch } from './word-watch';
import { isUnsayable } from './write/channel-news';
import { MessageWriter, isUnannounceable, type Marks, type OutgoingMessage } from './write/message-writer';

/** The ring has moved, or the signers are about to: a switch takes milliseconds. */
const MOVED_DEFER_MS = 50;
/** No signer holds the lease, or none answers: more asking would not help it. */
const NO_SIGNER_DEFER_MS = 500;
/** What comes behind another is not begun so late that what was published might not be marked within the claim. */
const TO_MARK_MS = 1_000;
/** The bus would not take it this time, and will not the next. */
const TOO_LARGE_DEFER_MS = 30_000;

/** One that comes behind the first; undefined where it was not signed. */
interface Behind {
  message: OrdinaryMessage;
  written: Promise<OutgoingMessage | undefined>;
}

@Injectable()
export class Delivery {
  constructor(
    private readonly writer: MessageWriter,
    private readonly publisher: Publisher,
    private readonly results: ClaimResults,
    private readonly counters: Counters,
    private readonly claims: Claims,
    private readonly rings: RingWatch,
    private readonly words: WordWatch,
    private readonly log: ThrottledLog,
  ) {}

  /** `stream` as it was before the claim. Returns whether there may be more for the Node at once. */
  async deliver(claim: Claim, stream: string): Promise<boolean> {
    const { node, message } = claim;
    const first = this.writer.write(node, message);
    const behind = claim.behind.map((each) => ({ message: each, written: this.writtenOrNot(node, each) }));
    const outgoing = await this.orReleased(claim, first);
    if (outgoing === undefined) return false;
    if (this.isOver(claim, message)) return this.letGo(claim);
    const outcome = await this.publish(claim, message, outgoing, { stream, lastSequence: node.lastSequence });
    switch (outcome.kind) {
      case 'stored':
        return this.goOn(claim, behind, { marks: outgoing.marks, sequence: outcome.sequence }, stream);
      case 'other_sequence':
        return this.results.otherSequence(node, outcome.sequence);
      case 'too_large':
        await this.tooLarge(claim, outgoing);
        return false;
      case 'unknown':
        return false;
    }
  }

  /**
   * What comes behind the first, until one is not signed, the bus does not take one, the claim's time is over, or there is
   * something that goes before the next: a change of a ring that was heard of, a word of the Node. What was published is
   * marked; all else has its position and stays unsent, and the next claim finds out what became of it.
   */
  private async goOn(
    claim: Claim,
    behind: readonly Behind[],
    { marks, sequence: first }: { marks: Marks; sequence: number },
    stream: string,
  ): Promise<boolean> {
    const { node } = claim;
    const ordinaryIds = marks.ordinaryId === undefined ? [] : [marks.ordinaryId];
    let sequence = first;
    for (const { message, written } of behind) {
      const outgoing = await written;
      const isLate = performance.now() > claim.deadline - TO_MARK_MS;
      if (outgoing === undefined || isLate || this.isOver(claim, message)) break;
      const outcome = await this.publish(claim, message, outgoing, { stream, lastSequence: sequence });
      // Nobody knows what the Node has heard: what was published here is sent again, too, by its position.
      if (outcome.kind === 'other_sequence') return this.results.otherSequence(node, outcome.sequence);
      if (outcome.kind !== 'stored') break;
      ({ sequence } = outcome);
      ordinaryIds.push(message.event.id);
    }
    const { nodeId, attempt } = node;
    await this.results.published({ nodeId, attempt, sequence, marks, ordinaryIds });
    return true;
  }

  private async publish(
    claim: Claim,
    message: NextMessage,
    outgoing: OutgoingMessage,
    { stream, lastSequence }: { stream: string; lastSequence: number },
  ): Promise<PublishOutcome> {
    const { deadline } = claim;
    const isOver = (): boolean => this.isOver(claim, message);
    const outcome = await this.publisher.publish(outgoing, { stream, lastSequence, deadline, isOver });
    this.counters.add(outcome.kind === 'stored' ? message.kind : outcome.kind);
    return outcome;
  }

  private isOver({ node, claimedAt }: Claim, message: NextMessage): boolean {
    const what = { node, message, claimedAt };
    return this.rings.hasOutrun(what) || this.words.hasOutrun(what);
  }

  /** Why it was not is asked again when it is the first of a claim. */
  private writtenOrNot(node: Claim['node'], message: OrdinaryMessage): Promise<OutgoingMessage | undefined> {
    return this.writer.write(node, message).catch(() => undefined);
  }

  /** Of a ring or a record as it is no more: what the Node gets instead is due at once. */
  private async letGo({ node, message }: Claim): Promise<boolean> {
    this.counters.add('let_go');
    await this.release({ ...node, deferMs: 0 }, message);
    return true;
  }

  /** Undefined where nobody signed: the Node is given back, and what waits for it stays unsent. */
  private async orReleased(
    { node, message }: Claim,
    written: Promise<OutgoingMessage>,
  ): Promise<OutgoingMessage | undefined> {
    try {
      return await written;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const { scope } = node;
      if (isUnsayable(message, error)) {
        await this.giveUp(node, message, error);
        return undefined;
      }
      const moved = error.code === 'ABORTED';
      this.counters.add(moved ? 'moved' : 'unsigned');
      if (!moved) this.log.warn({ scope, message: message.kind, reason: error.detail }, 'not signed');
      const waits = needsState(node, message, error);
      const isAfterOthers = waits || this.closeCanWait(message) || (!moved && this.channelCanWait(message));
      const deferMs = isAfterOthers ? 0 : moved ? MOVED_DEFER_MS : NO_SIGNER_DEFER_MS;
      await this.release({ ...node, deferMs, waits }, message);
      return undefined;
    }
  }

  private async giveUp(node: Claim['node'], message: NextMessage, { body }: Problem): Promise<void> {
    if (message.kind !== 'ordinary') return;
    const { id, eventId, channel } = message.event;
    this.counters.add('given_up');
    this.log.warn(
      { node: node.nodeId, event: eventId, ring: channel?.scope, ...body },
      'event that nobody signs, given up',
    );
    await this.results.givenUp(node, id);
  }

  /** Nothing waits for the news of a close, a Node that there is nobody to sign it for least of all. */
  private closeCanWait(message: NextMessage): boolean {
    if (message.kind !== 'chain' || message.gates) return false;
    this.claims.restCloseNews();
    return true;
  }

  /** What was never sent has no place yet: what its members are to hear of other rings goes first. */
  private channelCanWait(message: NextMessage): boolean {
    if (message.kind !== 'ordinary' || message.event.channel === null) return false;
    this.claims.restingRings.rest(message.event.channel.scope);
    return message.event.isPlacedNow;
  }

  private release(release: Release, message: NextMessage): Promise<void> {
    const isPutBack = message.kind === 'ordinary' && message.event.channel !== null && message.event.isPlacedNow;
    return isPutBack ? this.results.putBack(release, message.event) : this.results.released(release);
  }

  private tooLarge({ node, message }: Claim, { body }: OutgoingMessage): Promise<void> {
    const fields = { node: node.nodeId, scope: node.scope, message: message.kind, characters: body.length };
    this.log.warn(fields, 'more than the bus carries');
    return this.results.released({ ...node, deferMs: TOO_LARGE_DEFER_MS });
  }
}

/** Who reads no statement has nothing but its state to learn the keys from, where none that it holds announces them. */
const needsState = ({ listens }: Claim['node'], { kind }: NextMessage, error: Problem): boolean =>
  !RECEIVERS[listens].readsStatements && kind === 'announce' && isUnannounceable(error);
