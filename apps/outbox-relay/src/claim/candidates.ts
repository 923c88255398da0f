/**
 * Nodes that may be due, as the looks at the indexes bring them, until it is their turn. In memory and no more than a hint:
 * whether a Node is due decides the claim, by its newest row.
 */
import { Injectable } from '@nestjs/common';
import type { Scope } from '@plexsphere/wire';
import type { Asked, Found, Source } from './find-candidates';
import { IndexPlaces, type Read, type Rooms } from './index-places';

/** Of a scope: a few claims' worth, so that a look is not made for each Node, and what is hinted at is not old. */
export const ROOM = 1_024;

/**
 * Of each source a look reads no more than some rows in all scopes together, which they share; where scopes are very many,
 * each has a few. A scope of which nothing is known, since nobody was ever due in it, has a number of its own.
 */
const MOST_OF_LOOK = 4 * ROOM;
const LEAST_ROOM = 16;
export const ROOM_OF_UNKNOWN = 256;

/** A scope that brought nothing for so long is forgotten: it may be gone, and if not, it is found as it was at first. */
const FORGET_AFTER_MS = 600_000;

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
  places: IndexPlaces;
  /** When it was last known to have somebody. */
  foundAt: number;
}

@Injectable()
export class Candidates {
  private readonly scopes = new Map<Scope, Waiting>();

  /** Who was not served when it was its turn: nothing was due, or somebody was at it. */
  private readonly passedOver = new Set<string>();

  /** Whether another look would bring more at once. */
  get hasMore(): boolean {
    return [...this.scopes.values()].some(
      ({ nodes, places }) => places.hasMore || Object.values(nodes).some(({ size }) => size > 0),
    );
  }

  /** What the next look asks. */
  ask(nowMs = performance.now()): Asked[] {
    this.forgetQuiet(nowMs);
    const all = [...this.scopes.values()];
    const ofAny = shareOf(all.length);
    const ofBusy = shareOf(all.filter(isBusy).length);
    return [...this.scopes].map(([scope, waiting]) => {
      const rooms = roomsIn(waiting, { room: isBusy(waiting) ? ofBusy : ofAny, closeRoom: ofAny });
      return { scope, ...rooms, places: waiting.places.forLook(rooms, nowMs) };
    });
  }

  /** What the look found that asked so. `tookMs`: by a look from the starts it says when the next one of those may be. */
  add(asked: readonly Asked[], found: readonly Found[], tookMs: number, nowMs = performance.now()): void {
    const rooms = new Map(asked.map((each) => [each.scope, each]));
    const read = new Map<Scope, Read>();
    for (const { source, scope, nodeId, at, isFree } of found) {
      const ofScope = read.get(scope) ?? {};
      read.set(scope, ofScope);
      ofScope[source] = { rows: (ofScope[source]?.rows ?? 0) + 1, last: { at, nodeId } };
      if (isFree) this.of(scope).nodes[RANK[source]].add(nodeId);
    }
    for (const [scope, waiting] of this.scopes) {
      if (read.has(scope)) waiting.foundAt = nowMs;
      const { places } = waiting;
      // One that nobody knew of was read from its start.
      places.rest(tookMs, nowMs, !rooms.has(scope));
      places.readOn(rooms.get(scope) ?? UNKNOWN, read.get(scope) ?? {}, nowMs);
    }
  }

  /** Something may be due to it at once: it is not looked for. */
  note(scope: Scope, nodeId: string, rank: Rank): void {
    const waiting = this.of(scope);
    if (roomsIn(waiting, EMPTY).room > 0) waiting.nodes[rank].add(nodeId);
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

  private forgetQuiet(nowMs: number): void {
    for (const [scope, { nodes, places, foundAt }] of this.scopes) {
      const isQuiet = !places.hasMore && RANKS.every((rank) => nodes[rank].size === 0);
      if (isQuiet && nowMs > foundAt + FORGET_AFTER_MS) this.scopes.delete(scope);
    }
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
    const waiting: Waiting = { nodes, places: new IndexPlaces(), foundAt: performance.now() };
    this.scopes.set(scope, waiting);
    return waiting;
  }
}

const EMPTY: Rooms = { room: ROOM, closeRoom: ROOM };
const UNKNOWN: Rooms = { room: ROOM_OF_UNKNOWN, closeRoom: ROOM_OF_UNKNOWN };
const shareOf = (scopes: number): number => Math.min(ROOM, Math.max(LEAST_ROOM, Math.floor(MOST_OF_LOOK / scopes)));

/** Whoever has nothing to hear but a close may wait for very long, and takes nobody's room. */
const roomsIn = ({ nodes: { news, due, again, close } }: Waiting, { room, closeRoom }: Rooms): Rooms => ({
  room: Math.max(0, room - news.size - due.size - again.size),
  closeRoom: Math.max(0, closeRoom - close.size),
});

/** Somebody waits in it, or may: for more than the news of a close. */
const isBusy = ({ nodes: { news, due, again }, places }: Waiting): boolean =>
  news.size + due.size + again.size > 0 || places.hasMoreThanCloses;

function take(nodes: Waiting['nodes'], ranks: readonly Rank[]): { nodeId: string; rank: Rank } | undefined {
  for (const rank of ranks) {
    for (const nodeId of nodes[rank]) {
      nodes[rank].delete(nodeId);
      return { nodeId, rank };
    }
  }
  return undefined;
}
