/**
 * Signers, rotation's lease rows, callers, a thief and time, simulated: signers' real lease tables and the real wait of
 * a switch, over a network that delays, loses, repeats and reorders, with processes that pause and sleep and clocks that
 * jump and run at different rates. Time is true time in milliseconds, which nobody in here can read.
 */
import { SwitchWait, outlasting, type Clocks } from '@plexsphere/keyring';
import { CLOCK_SKEW_MS, SIGNING_DURATION_MS, type RingView } from '@plexsphere/wire';
import { LeaseTable } from '../src/lease/lease-table';
import { DOMAIN, ringOf } from './rings';

export const L = 3_000;
const D = SIGNING_DURATION_MS;
/** As the keeper's: how long it waits for an answer, and until it tries again. */
const SILENT_MS = 1_000;
const TRY_AGAIN_MS = 500;
const START_MS = 1_900_000_000_000;

/** The test kit's; only specs may import that. */
export interface Random {
  next(): number;
  integer(min: number, max: number): number;
  pick<T>(items: readonly T[]): T;
}

export interface Claim {
  kind: 'signer' | 'gateway';
  holder: string;
  secret: string;
  turn: number;
  epochs: Record<string, number>;
  release?: boolean;
}

type Entered = string | Record<string, number>;

/** The test kit's model of the table, which rotation's real one is compared with. */
export interface Rows {
  readonly rows: Map<string, { turn: number }>;
  readonly rings: Map<string, number>;
  enter(claim: Claim): Entered;
  granted(entered: Entered): string[];
  holdersBefore(scope: string, epoch: number): string[];
}

/** What the protocol forbids; each is there to show that this world would notice. */
export interface Mistakes {
  /** The rings are read before the row is committed. */
  readFirst?: boolean;
  /** `rotate` returns as soon as everybody has confirmed. */
  noD?: boolean;
  /** A lease counts from its answer. */
  fromAnswer?: boolean;
}

interface Signer {
  clock: Clock;
  table: LeaseTable;
  holder: string;
  secret: string;
  turn: number;
  asking: { id: number; asked: Clocks; claimed: Record<string, number> } | undefined;
  again: boolean;
  clockOff: boolean;
  pausedUntil: number;
  /** Callers reach it, and rotation and it hardly each other. */
  cutOffUntil: number;
  stopped: boolean;
}

/** A binary heap by time. */
class EventQueue {
  private readonly events: Event[] = [];

  put(event: Event): void {
    let at = this.events.push(event) - 1;
    for (let above = (at - 1) >> 1; at > 0 && this.atMs(above) > event.atMs; above = (at - 1) >> 1) {
      this.swap(at, above);
      at = above;
    }
  }

  take(): Event | undefined {
    this.swap(0, this.events.length - 1);
    const first = this.events.pop();
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const least = this.atMs(left) <= this.atMs(right) ? left : right;
      if (this.atMs(least) >= this.atMs(at)) return first;
      this.swap(at, least);
      at = least;
    }
  }

  private atMs(index: number): number {
    return this.events[index]?.atMs ?? Infinity;
  }

  private swap(one: number, other: number): void {
    const [first, second] = [this.events[one], this.events[other]];
    if (first === undefined || second === undefined) return;
    this.events[one] = second;
    this.events[other] = first;
  }
}

interface Event {
  atMs: number;
  happen: () => void;
}

const views = new Map<number, RingView>();

function viewOf(epoch: number): RingView {
  const view = views.get(epoch) ?? ringOf(DOMAIN, epoch, { [`k${epoch}`]: 'active' });
  views.set(epoch, view);
  return view;
}

class Clock {
  private monotonicOffset: number;
  private wallOffset: number;

  constructor(
    private readonly rate: number,
    random: Random,
  ) {
    this.monotonicOffset = random.integer(0, 1e6);
    this.wallOffset = START_MS + random.integer(-20_000, 20_000);
  }

  at(ms: number): Clocks {
    return { monotonicMs: ms * this.rate + this.monotonicOffset, wallMs: ms * this.rate + this.wallOffset };
  }

  jump(ms: number): void {
    this.wallOffset += ms;
  }

  /** The monotonic clock stood still meanwhile. */
  slept(ms: number): void {
    this.monotonicOffset -= ms;
  }
}

export class LeaseWorld {
  /** Accepted signatures: so many by a key whose successor's `rotate` had returned, of so many. */
  readonly tooLate: string[] = [];
  accepted = 0;
  switches = 0;

  private nowMs = 0;
  private ids = 0;
  private readonly queue = new EventQueue();
  private readonly signers: Signer[] = [];
  private readonly sent: Claim[] = [];
  private epoch = 1;
  private returnedEpoch = 1;

  constructor(
    private readonly random: Random,
    private readonly rows: Rows,
    private readonly mistakes: Mistakes = {},
  ) {
    this.rows.rings.set(DOMAIN, 1);
    for (let i = 0; i < random.integer(1, 3); i++) this.startSigner();
    for (let i = 0; i < 2; i++) this.sweep(this.newClock(), new Map());
    this.after(random.integer(500, 3_000), () => this.rotate());
    this.after(0, () => this.callerAsks());
    this.after(0, () => this.trouble());
    this.after(0, () => this.thief());
  }

  run(untilMs: number): void {
    for (let next = this.queue.take(); next !== undefined && next.atMs <= untilMs; next = this.queue.take()) {
      this.nowMs = next.atMs;
      next.happen();
    }
  }

  private after(ms: number, happen: () => void): void {
    this.queue.put({ atMs: this.nowMs + ms, happen });
  }

  /** In the process of that signer: nothing happens in one that is paused before it goes on. */
  private in(signer: Signer, ms: number, happen: () => void): void {
    this.after(ms, () => {
      if (signer.pausedUntil > this.nowMs) this.in(signer, signer.pausedUntil - this.nowMs, happen);
      else if (!signer.stopped) happen();
    });
  }

  private chance(probability: number): boolean {
    return this.random.next() < probability;
  }

  /** Mostly a moment, sometimes almost too long, sometimes longer than a lease. */
  private delayMs(): number {
    const kind = this.random.next();
    return this.random.next() * (kind < 0.8 ? 8 : kind < 0.95 ? 0.9 * SILENT_MS : 1.5 * L);
  }

  private newClock(): Clock {
    return new Clock(1 + (this.random.next() - 0.5) * 1e-3, this.random);
  }

  private startSigner(): void {
    const id = ++this.ids;
    const signer: Signer = {
      clock: this.newClock(),
      table: new LeaseTable(),
      ...{ holder: `signer-${id}`, secret: `secret-${id}`, turn: 0 },
      asking: undefined,
      ...{ again: false, clockOff: false, pausedUntil: 0, cutOffUntil: 0, stopped: false },
    };
    this.signers.push(signer);
    this.renew(signer);
  }

  private renew(signer: Signer): void {
    if (signer.asking !== undefined) {
      signer.again = true;
      return;
    }
    const id = ++this.ids;
    const asked = signer.clock.at(this.nowMs);
    const claimed = signer.clockOff ? {} : signer.table.epochs();
    signer.asking = { id, asked, claimed };
    signer.again = false;
    this.say(this.claim(signer, claimed), (entered) => this.answer(signer, id, entered));
    this.in(signer, SILENT_MS, () => this.asked(signer, id, TRY_AGAIN_MS));
  }

  private claim({ holder, secret, turn }: Signer, epochs: Record<string, number>): Claim {
    return { kind: 'signer', holder, secret, turn, epochs };
  }

  private say(claim: Claim, then: (answer: { entered: Entered; granted: string[]; epoch: number }) => void): void {
    const sender = this.signers.find(({ holder }) => holder === claim.holder);
    const numbered = { ...claim, turn: sender === undefined ? claim.turn : ++sender.turn };
    this.sent.push(numbered);
    if (this.sent.length > 100) this.sent.shift();
    if (this.chance(sender !== undefined && sender.cutOffUntil > this.nowMs ? 0.9 : 0.05)) return;
    this.after(this.delayMs(), () => this.arrive(numbered, then));
  }

  /** Two steps, between which the replica may be paused. */
  private arrive(
    claim: Claim,
    then: (answer: { entered: Entered; granted: string[]; epoch: number }) => void = () => undefined,
  ): void {
    if (this.mistakes.readFirst === true) {
      const epoch = this.epoch;
      this.after(this.delayMs(), () => {
        const entered = this.rows.enter(claim);
        const granted = typeof entered !== 'string' && entered[DOMAIN] === epoch ? [DOMAIN] : [];
        this.after(this.delayMs(), () => then({ entered, granted, epoch }));
      });
      return;
    }
    const entered = this.rows.enter(claim);
    this.after(this.delayMs(), () => {
      const answer = { entered, granted: this.rows.granted(entered), epoch: this.epoch };
      this.after(this.delayMs(), () => then(answer));
    });
  }

  private answer(
    signer: Signer,
    id: number,
    { entered, granted, epoch }: { entered: Entered; granted: string[]; epoch: number },
  ): void {
    // What the answer says of the time was true when it was given; how late it comes is the signer's to allow for.
    const nowMs = START_MS + this.nowMs;
    this.in(signer, 0, () => {
      const { asking } = signer;
      if (asking?.id !== id) return;
      if (entered === 'of another') this.beAnother(signer);
      else if (typeof entered !== 'string') this.take(signer, asking, nowMs, granted, epoch);
      this.asked(signer, id, L / 3);
    });
  }

  private take(
    signer: Signer,
    { asked, claimed }: NonNullable<Signer['asking']>,
    nowMs: number,
    granted: string[],
    epoch: number,
  ): void {
    const clocks = signer.clock.at(this.nowMs);
    signer.clockOff = Math.abs((asked.wallMs + clocks.wallMs) / 2 - nowMs) > CLOCK_SKEW_MS;
    if (signer.clockOff) return signer.table.giveBack();
    const from = this.mistakes.fromAnswer === true ? clocks : asked;
    const { toLoad } = signer.table.answered(from, claimed, {
      lease_ms: L,
      now: new Date(nowMs).toISOString(),
      granted,
      rings: claimed[DOMAIN] === epoch ? [] : [viewOf(epoch)],
      recovery_public_key: '',
    });
    for (const view of toLoad) {
      this.in(signer, this.delayMs(), () => {
        if (this.chance(0.1)) signer.table.notLoaded(view);
        else if (signer.table.take(view, new Map())) this.renew(signer);
      });
    }
  }

  private asked(signer: Signer, id: number, againAfterMs: number): void {
    if (signer.asking?.id !== id) return;
    signer.asking = undefined;
    if (signer.again) this.renew(signer);
    else this.in(signer, againAfterMs, () => signer.asking === undefined && this.renew(signer));
  }

  private beAnother(signer: Signer): void {
    const id = ++this.ids;
    signer.table.giveBack();
    signer.holder = `signer-${id}`;
    signer.secret = `secret-${id}`;
  }

  private rotate(): void {
    this.epoch++;
    this.rows.rings.set(DOMAIN, this.epoch);
    const { epoch } = this;
    for (const signer of this.signers) {
      if (this.chance(0.3)) signer.cutOffUntil = this.nowMs + L;
      else if (this.chance(0.7)) this.in(signer, this.delayMs(), () => this.renew(signer));
    }
    // Sometimes the replica that committed has died, and another takes over.
    this.after(this.chance(0.9) ? this.random.next() * 5 : this.random.next() * 2_000, () => this.switchTo(epoch));
    this.after(this.random.integer(200, 2 * L), () => this.rotate());
  }

  private switchTo(epoch: number): void {
    const clock = this.newClock();
    const monotonicMs = (): number => clock.at(this.nowMs).monotonicMs;
    const wait = new SwitchWait(monotonicMs(), { leaseMs: L, signingDurationMs: D });
    const turn = (): void => {
      const isOver = this.mistakes.noD === true && wait.isClear;
      if (isOver || monotonicMs() >= wait.endsAtMs) {
        this.switches++;
        this.returnedEpoch = Math.max(this.returnedEpoch, epoch);
        return;
      }
      const holders = this.rows.holdersBefore(DOMAIN, epoch).map((holder) => ({ holder, leaseMs: L }));
      // A look may fail, or its answer be late.
      this.after(this.chance(0.95) ? this.random.next() * 5 : this.random.next() * 400, () => {
        if (!wait.isClear && this.chance(0.95)) wait.look(monotonicMs(), holders);
        this.after(Math.max(0, Math.min(20, wait.endsAtMs - monotonicMs())), turn);
      });
    };
    turn();
  }

  private sweep(clock: Clock, seen: Map<string, { turn: number; sinceMs: number }>): void {
    const { monotonicMs } = clock.at(this.nowMs);
    for (const [holder, { turn }] of this.rows.rows) {
      const known = seen.get(holder);
      if (known?.turn !== turn) seen.set(holder, { turn, sinceMs: monotonicMs });
      else if (monotonicMs - known.sinceMs > outlasting(L)) this.rows.rows.delete(holder);
    }
    for (const holder of seen.keys()) if (!this.rows.rows.has(holder)) seen.delete(holder);
    this.after(2_000, () => this.sweep(clock, seen));
  }

  /** A caller counts D by its own clock, from when it asked; the signer may pause anywhere. */
  private callerAsks(): void {
    const rate = 1 + (this.random.next() - 0.5) * 1e-3;
    const dropsAtMs = this.nowMs + D / rate;
    const signer = this.random.pick(this.signers);
    this.in(signer, this.delayMs(), () => {
      const view = this.permitted(signer, undefined);
      if (view === undefined) return;
      if (this.chance(0.01)) this.pause(signer);
      this.in(signer, this.random.next() * 2, () => {
        if (this.permitted(signer, view.epoch) === undefined) return;
        if (this.chance(0.01)) this.pause(signer);
        // Signed, and on its way: a signer that stops in order answers what it has begun.
        this.after(Math.max(0, signer.pausedUntil - this.nowMs) + this.delayMs(), () => {
          if (this.nowMs >= dropsAtMs) return;
          this.accepted++;
          if (view.epoch < this.returnedEpoch)
            this.tooLate.push(`by epoch ${view.epoch} at ${this.nowMs}, after the switch to ${this.returnedEpoch}`);
        });
      });
    });
    this.after(this.random.next() * 60, () => this.callerAsks());
  }

  private permitted(signer: Signer, epoch: number | undefined): RingView | undefined {
    try {
      return signer.table.permit({ scope: DOMAIN, epoch }, D, signer.clock.at(this.nowMs)).view;
    } catch {
      return undefined;
    }
  }

  private pause(signer: Signer): void {
    signer.pausedUntil = Math.max(signer.pausedUntil, this.nowMs + this.random.next() * 1.5 * L);
  }

  private trouble(): void {
    const signer = this.random.pick(this.signers);
    const what = this.random.next();
    if (what < 0.2) this.pause(signer);
    else if (what < 0.3) signer.clock.jump(this.random.integer(-5, 4) * 1_000 + 300);
    else if (what < 0.4) this.setWrong(signer.clock, this.random.pick([-400_300, 400_300]));
    else if (what < 0.5) {
      // Never as long as a clock is set back meanwhile: a lease cannot tell that, and the promise rests on its absence.
      const ms = this.random.integer(1, (2 * L) / 1_000) * 1_000;
      signer.pausedUntil = Math.max(signer.pausedUntil, this.nowMs + ms);
      signer.clock.slept(ms);
    } else if (what < 0.8) {
      this.say({ ...this.claim(signer, {}), release: true }, () => undefined);
      signer.stopped = true;
      this.signers.splice(this.signers.indexOf(signer), 1);
      this.startSigner();
    }
    this.after(this.random.next() * 2 * L, () => this.trouble());
  }

  private setWrong(clock: Clock, byMs: number): void {
    clock.jump(byMs);
    this.after(this.random.next() * L, () => clock.jump(-byMs));
  }

  /** With a signer's real credential, and no secret but its own; and a bus that repeats what it has carried. */
  private thief(): void {
    const { holder } = this.random.pick(this.signers);
    const claim: Claim = {
      kind: 'signer',
      holder: this.chance(0.9) ? holder : `thief-${this.random.integer(1, 3)}`,
      secret: 'stolen nothing',
      turn: this.random.pick([1, this.random.integer(1, 100), Number.MAX_SAFE_INTEGER]),
      epochs: this.random.pick([{}, { [DOMAIN]: this.epoch + 1 }, { [DOMAIN]: Number.MAX_SAFE_INTEGER }]),
      ...(this.chance(0.5) ? { release: true } : {}),
    };
    this.arrive(claim);
    if (this.sent.length > 0) this.arrive(this.random.pick(this.sent));
    this.after(this.random.next() * 500, () => this.thief());
  }
}
