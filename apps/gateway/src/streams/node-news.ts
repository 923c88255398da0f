import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { afterGap, withNews, type BegunState, type StateNews } from '@plexsphere/keyring';
import { Bus } from '@plexsphere/service-kit';
import { isUuid, subjects, type NodeSeen } from '@plexsphere/wire';
import type { Msg } from 'nats';

/** Longer than any state is under way, and than a Node waits before it asks for the next one. */
const REMEMBERED_MS = 10 * 60_000;
/** A bus that does not say that it has something is not waited for: a state is given without it. */
const TOLD_WITHIN_MS = 500;

type News = Exclude<StateNews, { what: 'drift' }> | Drift;
type Drift = { what: 'drift'; stateId: string; setsKeys: boolean };
type Listener = (nodeId: string, news: News) => void;

/** What is known on this gateway of Nodes' states, whichever gateway gave them: each tells the others. */
@Injectable()
export class NodeNews {
  /** From when on everything that is told has been heard. */
  hearsSinceMs = Infinity;
  /** Until when, as far as it has asked. */
  heardUntilMs = 0;
  private catchingUp: Promise<boolean> | undefined;
  private readonly teller = randomUUID();
  private readonly known = new Map<string, { states: BegunState[]; atMs: number }>();
  private readonly listeners: Listener[] = [];

  constructor(private readonly bus: Bus) {}

  /** A bus that goes away meanwhile hears of it when it is back: then something was missed, too. */
  async listen(): Promise<void> {
    this.bus.connection.subscribe(subjects.httpSeen('*'), { callback: (err, message) => err ?? this.hear(message) });
    const heard = (): void => void (this.hearsSinceMs = Date.now());
    await this.bus.flush().then(heard, () => undefined);
  }

  /** What was told meanwhile is lost. */
  missed(): void {
    this.hearsSinceMs = this.heardUntilMs = Date.now();
    for (const known of this.known.values()) known.states = afterGap(known.states);
  }

  /**
   * What the bus answers comes behind all that was told before. Whether it does: where it goes away over the question, what
   * was told may never come. Those who ask meanwhile share the next question.
   */
  async catchUp(): Promise<boolean> {
    await this.catchingUp;
    return (this.catchingUp ??= this.askBus().finally(() => (this.catchingUp = undefined)));
  }

  private askBus(): Promise<boolean> {
    const askedAtMs = Date.now();
    const heard = (): boolean => {
      this.heardUntilMs = Math.max(this.heardUntilMs, askedAtMs);
      return true;
    };
    return this.bus.flush().then(heard, () => false);
  }

  onNews(listener: Listener): void {
    this.listeners.push(listener);
  }

  statesOf(nodeId: string): readonly BegunState[] {
    return this.known.get(nodeId)?.states ?? [];
  }

  /** Resolves when the bus has it, so that whoever is told of what follows has heard of this before. */
  async tell(nodeId: string, news: News): Promise<void> {
    this.take(nodeId, news);
    this.bus.publish(subjects.httpSeen(nodeId), seenOf(this.teller, news));
    await this.bus.flushedWithin(TOLD_WITHIN_MS);
  }

  private hear(message: Msg): void {
    const [, nodeId] = message.subject.split('.');
    const news = newsOf(message);
    if (news !== undefined && news.teller !== this.teller && isUuid(nodeId)) this.take(nodeId, news.news);
  }

  /** Who listens sees the states as they were before a drift, and as they are after anything else. */
  private take(nodeId: string, news: News): void {
    if (news.what === 'drift') this.say(nodeId, news);
    const nowMs = Date.now();
    const { states = [] } = this.known.get(nodeId) ?? {};
    this.known.delete(nodeId);
    this.known.set(nodeId, { states: withNews(states, news, nowMs), atMs: nowMs });
    this.forget(nowMs);
    if (news.what !== 'drift') this.say(nodeId, news);
  }

  private say(nodeId: string, news: News): void {
    for (const listener of this.listeners) listener(nodeId, news);
  }

  /** The map stays in the order of the times: what is over leaves at its beginning. */
  private forget(nowMs: number): void {
    for (const [nodeId, { atMs }] of this.known) {
      if (nowMs - atMs < REMEMBERED_MS) return;
      this.known.delete(nodeId);
    }
  }
}

function seenOf(teller: string, news: News): NodeSeen {
  if (news.what === 'drift') return { teller, what: 'drift', state_id: news.stateId, sets_keys: news.setsKeys };
  if (news.what === 'begun') return { teller, what: 'begun', state_id: news.stateId };
  const { stateId: state_id, epoch, form, keys, readAt: read_at } = news;
  return { teller, what: 'answered', state_id, epoch, form, keys, read_at };
}

/** Another gateway's; a credential of its kind alone may say it. Undefined for what is none. */
function newsOf(message: Msg): { teller: string; news: News } | undefined {
  try {
    const { teller, ...seen } = message.json<NodeSeen>();
    if (seen.what === 'drift') {
      return { teller, news: { what: 'drift', stateId: seen.state_id, setsKeys: seen.sets_keys } };
    }
    if (seen.what === 'begun') return { teller, news: { what: 'begun', stateId: seen.state_id } };
    if (seen.what !== 'answered') return undefined;
    const { state_id: stateId, epoch, form, keys, read_at: readAt } = seen;
    return { teller, news: { what: 'answered', stateId, epoch, form, keys, readAt } };
  } catch {
    return undefined;
  }
}
