/**
 * Who may begin next. Everybody who asks has a place of their own: those of whom nothing is under way come first, then
 * the others in turn, so that a hundred requests of one asker delay another's first by the one that is just being begun.
 * Within an asker's place the lanes (scopes) take turns in the same way, since a scope that is locked must not hold up
 * what its own operator asks of another.
 */
export interface Limits {
  /** Under way: of everybody, of one asker, in one of their lanes. */
  atOnce: number;
  perAsker: number;
  perLane: number;
  /** Waiting, of one asker: requests, and bytes of them. */
  waiting: number;
  waitingBytes: number;
  /** What gives way where an asker has no place left; what is repeated anyway is worth the less the older it is. */
  givesWay: 'newest' | 'oldest';
}

export interface Work {
  asker: string;
  bytes: number;
  /** Asked only where there is room: it may take a look into the request. */
  lane(): string;
  /** Never rejects. What is done at once is over when this returns: it makes nobody wait for a promise. */
  run(): Promise<void> | void;
}

export interface Entered<W extends Work> {
  /** It waits because its own asker has as much under way as one may have, not because everybody has. */
  heldBack: boolean;
  /** Found no place: this one, or an older one of the same asker. */
  displaced: W | undefined;
}

interface Lane<W> {
  name: string;
  running: number;
  waiting: W[];
}

interface Asker<W> {
  name: string;
  running: number;
  waiting: number;
  waitingBytes: number;
  lanes: Map<string, Lane<W>>;
  /** Lanes with something to begin, in turn. */
  ready: Set<Lane<W>>;
}

/** After so much time at a stretch the event loop gets its turn: a renewal of a lease, an answer, a timer. */
const STRETCH_MS = 5;

export class FairQueue<W extends Work> {
  private readonly askers = new Map<string, Asker<W>>();
  /** Askers with something to begin: those of whom nothing is under way, and the others. Each in turn. */
  private readonly fresh = new Set<Asker<W>>();
  private readonly served = new Set<Asker<W>>();
  private running = 0;
  private beginning = false;
  private waitingForIdle: (() => void)[] = [];

  constructor(private readonly limits: Limits) {}

  enter(work: W): Entered<W> {
    const asker = this.askerNamed(work.asker);
    const newestGivesWay = this.limits.givesWay === 'newest';
    if (newestGivesWay && this.isFull(asker, 1, work.bytes)) {
      return { heldBack: true, displaced: work };
    }
    const lane = laneNamed(asker, work.lane());
    lane.waiting.push(work);
    asker.waiting++;
    asker.waitingBytes += work.bytes;
    this.takeTurn(asker, lane);
    this.beginSoon();
    const { perAsker, perLane } = this.limits;
    const heldBack = asker.running + asker.waiting > perAsker || lane.running + lane.waiting.length > perLane;
    const tooMuch = !newestGivesWay && this.isFull(asker, 0, 0);
    return { heldBack, displaced: tooMuch ? this.displaceOldest(asker, lane) : undefined };
  }

  /** Resolves when nothing is under way and nothing waits. */
  async idle(): Promise<void> {
    if (this.askers.size > 0) await new Promise<void>((resolve) => this.waitingForIdle.push(resolve));
  }

  /** Never where it is entered: the client hands over in one go what has come in one. */
  private beginSoon(): void {
    if (this.beginning) return;
    this.beginning = true;
    setImmediate(() => this.beginWhatMay());
  }

  private beginWhatMay(): void {
    const endsAt = performance.now() + STRETCH_MS;
    while (this.running < this.limits.atOnce) {
      const asker = firstOf(this.fresh.size > 0 ? this.fresh : this.served);
      if (asker === undefined) break;
      if (performance.now() > endsAt) return void setImmediate(() => this.beginWhatMay());
      this.begin(asker);
    }
    this.beginning = false;
  }

  private begin(asker: Asker<W>): void {
    // To the end of the turn, the asker and the lane.
    this.fresh.delete(asker);
    this.served.delete(asker);
    const lane = firstOf(asker.ready);
    if (lane === undefined) return;
    asker.ready.delete(lane);
    const work = lane.waiting.shift();
    if (work === undefined) return;
    this.leavesWaiting(asker, work);
    this.running++;
    asker.running++;
    lane.running++;
    const underWay = work.run();
    if (underWay === undefined) return this.ended(asker, lane);
    this.takeTurn(asker, lane);
    void underWay.finally(() => this.ended(asker, lane));
  }

  private ended(asker: Asker<W>, lane: Lane<W>): void {
    this.running--;
    asker.running--;
    lane.running--;
    this.takeTurn(asker, lane);
    this.forgetIdle(asker, lane);
    this.beginSoon();
  }

  /** Puts lane and asker where they belong; who has a turn already keeps it. */
  private takeTurn(asker: Asker<W>, lane: Lane<W>): void {
    const laneReady = lane.waiting.length > 0 && lane.running < this.limits.perLane;
    if (laneReady) asker.ready.add(lane);
    else asker.ready.delete(lane);
    const ready = asker.ready.size > 0 && asker.running < this.limits.perAsker;
    const mine = asker.running === 0 ? this.fresh : this.served;
    (asker.running === 0 ? this.served : this.fresh).delete(asker);
    if (ready) mine.add(asker);
    else mine.delete(asker);
  }

  /** Everybody has room for one, however large. */
  private isFull(asker: Asker<W>, moreRequests: number, moreBytes: number): boolean {
    const requests = asker.waiting + moreRequests;
    const bytes = asker.waitingBytes + moreBytes;
    return requests > 1 && (requests > this.limits.waiting || bytes > this.limits.waitingBytes);
  }

  private displaceOldest(asker: Asker<W>, lane: Lane<W>): W | undefined {
    const displaced = lane.waiting.shift();
    if (displaced !== undefined) this.leavesWaiting(asker, displaced);
    return displaced;
  }

  private leavesWaiting(asker: Asker<W>, work: W): void {
    asker.waiting--;
    asker.waitingBytes -= work.bytes;
  }

  private askerNamed(name: string): Asker<W> {
    const known = this.askers.get(name);
    if (known !== undefined) return known;
    const asker: Asker<W> = { name, running: 0, waiting: 0, waitingBytes: 0, lanes: new Map(), ready: new Set() };
    this.askers.set(name, asker);
    return asker;
  }

  private forgetIdle(asker: Asker<W>, lane: Lane<W>): void {
    if (lane.running === 0 && lane.waiting.length === 0) asker.lanes.delete(lane.name);
    if (asker.running === 0 && asker.waiting === 0) this.askers.delete(asker.name);
    if (this.askers.size === 0) for (const resolve of this.waitingForIdle.splice(0)) resolve();
  }
}

const firstOf = <T>(set: ReadonlySet<T>): T | undefined => set.values().next().value;

function laneNamed<W>(asker: Asker<W>, name: string): Lane<W> {
  const known = asker.lanes.get(name);
  if (known !== undefined) return known;
  const lane: Lane<W> = { name, running: 0, waiting: [] };
  asker.lanes.set(name, lane);
  return lane;
}
