import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  countUnderWay,
  driftingState,
  hasNoStream,
  nextForm,
  scopePolicy,
  stateKeys,
  trustedKeys,
  wordWithoutStream,
} from '@plexsphere/keyring';
import { problem, scopeKind, type KeyView } from '@plexsphere/wire';
import { RETRY_AFTER_S } from '../door/refuse';
import { NodeViews, type NodeView } from '../views/node-views';
import { EventStreams } from './event-streams';
import { NodeNews } from './node-news';

/**
 * Of one Node: it asks for one after the other, and says of each that it has taken it. Every gateway keeps and searches those
 * that may be under way.
 */
const MOST_UNDER_WAY = 30;

/** What a state says about keys, as a Node reads it; our own names beside it. */
interface SigningKeys {
  current: string;
  previous?: string;
  transition_expires?: string;
}

/** What a Node's states and its stream, perhaps of two gateways, have to know of each other. */
@Injectable()
export class NodeStates {
  constructor(
    private readonly views: NodeViews,
    private readonly news: NodeNews,
    private readonly streams: EventStreams,
  ) {}

  /**
   * The keys of the state that this Node is given now; undefined: it says nothing about them. Read once the gateways know
   * that a state is under way: news of keys that come after it wait for it.
   * @throws Problem tooOften
   */
  async begin({ id, listens }: NodeView): Promise<SigningKeys | undefined> {
    const stateId = randomUUID();
    if (countUnderWay(this.news.statesOf(id), Date.now()) >= MOST_UNDER_WAY) {
      throw problem('tooOften', { retry_after: RETRY_AFTER_S });
    }
    if (listens === 'go') await this.news.tell(id, { what: 'begun', stateId });
    const node = await this.views.read(id);
    if (node === undefined) throw problem('notAuthenticated');
    const { ring, readAt, scope } = node;
    const keys = ring.keys.map(ofRing);
    const now = new Date(readAt);
    const before = this.news.statesOf(id).findLast(({ answer }) => answer !== null)?.answer?.form;
    const form = nextForm(this.needsDrift(node), trustedKeys(keys, scopePolicy(scopeKind(scope)), now).length, before);
    const answer = said(stateKeys(keys, form, now));
    if (listens === 'go') {
      const words = { epoch: ring.trustEpoch, form, keys: JSON.stringify(answer ?? null), readAt };
      await this.news.tell(id, { what: 'answered', stateId, ...words });
    }
    return answer;
  }

  /** The Node has worked a state in. `setsKeys`: it says that this set keys. */
  async drifted(node: NodeView, setsKeys: boolean, isGone: () => boolean): Promise<void> {
    const { id, listens } = node;
    if (listens !== 'go') return;
    const cameAtMs = Date.now();
    // Behind all that was told before: a gateway that stood still, or has missed something, would take it for another
    // state's. Whoever waits for the answer no more may have asked for a state since.
    if (!(await this.news.catchUp())) return;
    const state = driftingState(this.news.statesOf(id), cameAtMs);
    if (isGone() || state === undefined) return;
    await this.news.tell(id, { what: 'drift', stateId: state.id, setsKeys });
    const word = this.hasNoStream(node) ? wordWithoutStream(state, setsKeys) : undefined;
    if (word !== undefined) this.streams.say(id, word);
  }

  /** Whether it should ask for its state now. */
  shouldReconcile(node: NodeView): boolean {
    return node.stream.settledEpoch < node.ring.trustEpoch || this.waits(node);
  }

  private waits({ id, stream }: NodeView): boolean {
    return stream.waitsSince !== null || this.streams.waits(id);
  }

  /** A state that is equal to the one before proves nothing. */
  private needsDrift(node: NodeView): boolean {
    return this.waits(node) || (this.hasNoStream(node) && node.stream.settledEpoch < node.ring.trustEpoch);
  }

  /** One that has just registered is about to open its first. */
  private hasNoStream({ id, readAt, stream }: NodeView): boolean {
    return hasNoStream(stream.seenAt ?? stream.waitsSince, new Date(readAt)) && !this.streams.has(id);
  }
}

function said(keys: ReturnType<typeof stateKeys<ReturnType<typeof ofRing>>>): SigningKeys | undefined {
  if (keys === null) return undefined;
  const { current, previous, expires } = keys;
  return {
    current: current.publicKey,
    ...(previous !== null && { previous: previous.publicKey }),
    ...(expires !== null && { transition_expires: expires.toISOString() }),
  };
}

/** @throws Error where a ring that Nodes are in has a key without a public half */
function ofRing({ key_id: keyId, state, public_key: publicKey, verifies_until: verifiesUntil }: KeyView) {
  if (publicKey === null) throw new Error(`key ${keyId} has no public half`);
  return { keyId, state, publicKey, verifiesUntil: verifiesUntil === null ? null : new Date(verifiesUntil) };
}
