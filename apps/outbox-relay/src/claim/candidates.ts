/**
 * Nodes that may be due, as the looks at the indexes bring them, until it is their turn. In memory and no more than a hint:
 * whether a Node is due decides the claim, by its newest row. Each index is read on from where the last look got to, and
 * from its start again when it has ended: so whoever stands at a head and cannot be served, and what is dead and cannot be
 * cleared away yet, costs a look now and then and not each of them.
 */
import { Injectable } from '@nestjs/common';
import type { Scope } from '@plexsphere/wire';
import type { Asked, Found, Place, Source } from './find-candidates';

/** Of a scope: a few claims' worth, so that a look is not made for each Node, and what is hinted at is not old. */
export const ROOM = 1_024;

/** Looks from the start take a twentieth of the time, however much there is that nobody can be told of; and come this often. */
const REST = 20;
const MOST_REST_MS = 1_000;

/** More than a relay has in flight. Who is forgotten is found by a look from the start. */
const MOST_PASSED_OVER = 4 * ROOM;

/** Which of two in one scope goes first: news of keys, what is due, what is only repeated, the news of a close. */
const RANKS = ['news', 'due', 'again', 'close'] as const;
export type Rank = (typeof RANKS)[number];

const RANK: Readonly<Record<Source, Rank>> = {
  ...{ own: 'news', platform: 'news', go: 'news', astray: 'news', chain: 'news' },
  ...{ hello: 'due', unsent: 'due', again: 'again', close: 'close', platform_close: 'close' },
};

interface Waiting {
  nodes: Record<Rank, Set<string>>;
  /** Where the next look reads on, and the furthest that an earlier one got. */
  places: Partial<Record<Source, Place>>;
  furthest: Partial<Record<Source, Place>>;
}

@Injectable()
export class Candidates {
  private readonly scopes = new Map<Scope, Waiting>();
  private restUntil = 0;

  /** Sources of scopes of which the last look may have left some. */
  private readonly unread = new Set<string>();

  /** Who was not served when it was its turn: nothing was due, or somebody was at it. */
  private readonly passedOver = new Set<string>();

  /** Whether another look would bring more at once. */
  get hasMore(): boolean {
    return this.unread.size > 0 || [...this.scopes.values()].some((waiting) => countOf(waiting) > 0);
  }

  /** What the next look asks. Where all have been read to their ends, it begins at their starts. */
  ask(nowMs = performance.now()): Asked[] {
    const begins = this.unread.size === 0 && nowMs >= this.restUntil;
    return [...this.scopes].map(([scope, waiting]) => {
      if (begins) waiting.places = {};
      return { scope, room: Math.max(0, ROOM - countOf(waiting)), places: { ...waiting.places } };
    });
  }

  /** What the look found that asked so. `tookMs`: by a look from the starts it says when the next one of those may be. */
  add(asked: readonly Asked[], found: readonly Found[], tookMs: number, nowMs = performance.now()): void {
    if (asked.every(({ places }) => Object.keys(places).length === 0)) this.restUntil = nowMs + this.restMs(tookMs);
    const rooms = new Map(asked.map(({ scope, room }) => [scope, room]));
    const read = new Map<string, { scope: Scope; source: Source; rows: number; last: Place }>();
    for (const { source, scope, nodeId, at, isFree } of found) {
      const name = nameOf(source, scope);
      read.set(name, { scope, source, rows: (read.get(name)?.rows ?? 0) + 1, last: { at, nodeId } });
      if (isFree) this.of(scope).nodes[RANK[source]].add(nodeId);
    }
    // Of a scope that has no room nothing was asked.
    for (const name of this.unread) if (rooms.get(scopeIn(name)) !== 0) this.unread.delete(name);
    for (const [name, { scope, source, rows, last }] of read) {
      const { places, furthest } = this.of(scope);
      furthest[source] = later(furthest[source], last);
      const isRead = rows < (rooms.get(scope) ?? ROOM);
      places[source] = isRead ? furthest[source] : last;
      if (!isRead) this.unread.add(name);
    }
    // Those that brought nothing are read on where they ended once: what is dead before that is not passed again.
    for (const { places, furthest } of this.scopes.values()) Object.assign(places, { ...furthest, ...places });
  }

  /** Something may be due to it at once: it is not looked for. */
  note(scope: Scope, nodeId: string, rank: Rank): void {
    const waiting = this.of(scope);
    if (countOf(waiting) < ROOM) waiting.nodes[rank].add(nodeId);
  }

  /** It was not served when it was its turn. */
  passOver(nodeId: string): void {
    this.passedOver.add(nodeId);
    for (const oldest of this.passedOver) {
      if (this.passedOver.size <= MOST_PASSED_OVER) return;
      this.passedOver.delete(oldest);
    }
  }

  /** Whether it was passed over since this was asked last. */
  wasPassedOver(nodeId: string): boolean {
    return this.passedOver.delete(nodeId);
  }

  /**
   * Whose turn it is, up to so many, and no more among those who wait. Scopes take turns, and each has its own in the order
   * of their ranks; but whoever has nothing to hear but a close comes after everybody.
   */
  choose(limit: number): Map<string, Rank> {
    const chosen = new Map<string, Rank>();
    for (const ranks of [RANKS.slice(0, -1), RANKS.slice(-1)]) {
      let turns = [...this.scopes];
      while (turns.length > 0 && chosen.size < limit) {
        turns = turns.filter(([scope, { nodes }]) => {
          if (chosen.size >= limit) return false;
          const next = take(nodes, ranks);
          if (next !== undefined && !chosen.has(next.nodeId)) chosen.set(next.nodeId, next.rank);
          // Whoever had a turn comes last when the next are chosen.
          this.putLast(scope);
          return next !== undefined;
        });
      }
    }
    return chosen;
  }

  protected restMs(tookMs: number): number {
    return Math.min(MOST_REST_MS, REST * tookMs);
  }

  private putLast(scope: Scope): void {
    const waiting = this.of(scope);
    this.scopes.delete(scope);
    this.scopes.set(scope, waiting);
  }

  private of(scope: Scope): Waiting {
    const known = this.scopes.get(scope);
    if (known !== undefined) return known;
    const nodes = {
      news: new Set<string>(),
      due: new Set<string>(),
      again: new Set<string>(),
      close: new Set<string>(),
    };
    const waiting: Waiting = { nodes, places: {}, furthest: {} };
    this.scopes.set(scope, waiting);
    return waiting;
  }
}

const nameOf = (source: Source, scope: Scope): string => `${source} ${scope}`;
const scopeIn = (name: string): Scope => name.slice(name.indexOf(' ') + 1);

const countOf = ({ nodes }: Waiting): number => RANKS.reduce((sum, rank) => sum + nodes[rank].size, 0);

function take(nodes: Waiting['nodes'], ranks: readonly Rank[]): { nodeId: string; rank: Rank } | undefined {
  for (const rank of ranks) {
    for (const nodeId of nodes[rank]) {
      nodes[rank].delete(nodeId);
      return { nodeId, rank };
    }
  }
  return undefined;
}

const later = (one: Place | undefined, other: Place): Place =>
  one === undefined || other.at > one.at || (other.at === one.at && other.nodeId > one.nodeId) ? other : one;
