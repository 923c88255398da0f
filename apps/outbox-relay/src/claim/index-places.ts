/**
 * How far the indexes of one scope were read. Each is read on from where the last look got to, and from its start again when
 * it has ended: so whoever stands at a head and cannot be served, and what is dead and cannot be cleared away yet, costs a
 * look now and then and not each of them. Each by itself: where one has no end for as long as more comes than is served, who
 * stands behind the place in another is found all the same.
 */
import { isCloseNews, type Asked, type Place, type Source } from './find-candidates';

/** Looks from the start take a twentieth of the time, however much there is that nobody can be told of; and come this often. */
const REST = 20;
const MOST_REST_MS = 1_000;

/** Where some have not ended for so long they begin, too; the next time after twice as long, so that ends are reached. */
const PATIENCE_MS = 5_000;
const MOST_PATIENCE_MS = 60_000;

/** How many rows a look reads of each at most. */
export type Rooms = Pick<Asked, 'room' | 'closeRoom'>;

/** What a look brought of one scope. */
export type Read = Partial<Record<Source, { rows: number; last: Place }>>;

type Places = Partial<Record<Source, Place>>;

export class IndexPlaces {
  /** Where the next look reads on, and the furthest that an earlier one got. */
  private places: Places = {};
  private readonly furthest: Places = {};
  /** Of which the last look may have left some; since when there are such, and for how long there may be. */
  private readonly unread = new Set<Source>();
  private unreadSince = 0;
  private patienceMs = PATIENCE_MS;
  /** Before that none is read from its start; and whether the look that is under way does. */
  private restUntil = 0;
  private begins = false;

  /** Whether another look would bring more; and more than the news of a close. */
  get hasMore(): boolean {
    return this.unread.size > 0;
  }

  get hasMoreThanCloses(): boolean {
    return [...this.unread].some((source) => !isCloseNews(source));
  }

  /** Where the next look reads on. Those that have been read to their ends begin at their starts. */
  forLook(rooms: Rooms, nowMs: number): Places {
    this.begins = rooms.room > 0 && nowMs >= this.restUntil;
    if (this.begins) this.begin(rooms, nowMs);
    return { ...this.places };
  }

  /** What the look brought that had such rooms. */
  readOn(rooms: Rooms, read: Read, nowMs: number): void {
    const { unread, places, furthest } = this;
    const hadEnded = unread.size === 0;
    // Where there is no room nothing was asked.
    for (const source of unread) if (roomOf(source, rooms) > 0) unread.delete(source);
    for (const [name, { rows, last }] of Object.entries(read)) {
      const source = name as Source;
      furthest[source] = later(furthest[source], last);
      const isRead = rows < roomOf(source, rooms);
      places[source] = isRead ? furthest[source] : last;
      if (!isRead) unread.add(source);
    }
    // Those that brought nothing are read on where they ended once: what is dead before that is not passed again.
    this.places = { ...furthest, ...places };
    if (unread.size === 0) this.patienceMs = PATIENCE_MS;
    else if (hadEnded) this.unreadSince = nowMs;
  }

  /** A look from the start says by how long it took when the next one may be; so does the first of a scope. */
  rest(tookMs: number, nowMs: number, isFirst: boolean): void {
    if (this.begins || isFirst) this.restUntil = nowMs + Math.min(MOST_REST_MS, REST * tookMs);
  }

  /** Each that has ended; and the others, where that lasts. */
  private begin(rooms: Rooms, nowMs: number): void {
    const { unread, places } = this;
    const lasts = unread.size > 0 && nowMs >= this.unreadSince + this.patienceMs;
    for (const source of Object.keys(places) as Source[]) {
      if (roomOf(source, rooms) > 0 && (lasts || !unread.has(source))) delete places[source];
    }
    if (!lasts) return;
    this.unreadSince = nowMs;
    this.patienceMs = Math.min(MOST_PATIENCE_MS, 2 * this.patienceMs);
  }
}

const roomOf = (source: Source, { room, closeRoom }: Rooms): number => (isCloseNews(source) ? closeRoom : room);

const later = (one: Place | undefined, other: Place): Place =>
  one === undefined || other.at > one.at || (other.at === one.at && other.nodeId > one.nodeId) ? other : one;
