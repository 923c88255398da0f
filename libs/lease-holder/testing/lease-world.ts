/**
 * Signers, rotation's lease rows, callers, a thief and time, simulated: signers' real lease tables and the real wait of
 * a switch, over a network that delays, loses, repeats and reorders, with processes that pause and sleep and clocks that
 * jump and run at different rates. Time is true time in milliseconds, which nobody in here can read.
 */
import { SwitchWait, outlasting } from '@plexsphere/keyring';
import { DOMAIN, type LeaseClaim, type LeaseRows, type SeededRandom } from '@plexsphere/testkit';
import { SIGNING_DURATION_MS } from '@plexsphere/wire';
import { DriftingClock, driftingRate } from './drifting-clock';
import { EventQueue } from './event-queue';
import { L, ModelHolder, SILENT_MS, type Answer, type Surroundings } from './model-holder';

const D = SIGNING_DURATION_MS;

/** What the protocol forbids; each is there to show that this world would notice. */
export interface Mistakes {
  /** The rings are read before the row is committed. */
  readFirst?: boolean;
  /** `rotate` returns as soon as everybody has confirmed. */
  noD?: boolean;
  /** A lease counts from its answer. */
  fromAnswer?: boolean;
}

export class LeaseWorld implements Surroundings {
  /** Accepted signatures: so many by a key whose successor's `rotate` had returned, of so many. */
  readonly tooLate: string[] = [];
  accepted = 0;
  switches = 0;

  readonly events = new EventQueue();
  private ids = 0;
  private readonly signers: ModelHolder[] = [];
  private readonly sent: LeaseClaim[] = [];
  private epoch = 1;
  private returnedEpoch = 1;

  constructor(
    readonly random: SeededRandom,
    private readonly rows: LeaseRows,
    private readonly mistakes: Mistakes = {},
  ) {
    this.rows.rings.set(DOMAIN, 1);
    for (let i = 0; i < random.integer(1, 3); i++) this.startSigner();
    for (let i = 0; i < 2; i++) this.sweep(new DriftingClock(random), new Map());
    this.events.after(random.integer(500, 3_000), () => this.rotate());
    this.events.after(0, () => this.callerAsks());
    this.events.after(0, () => this.trouble());
    this.events.after(0, () => this.thief());
  }

  get fromAnswer(): boolean {
    return this.mistakes.fromAnswer === true;
  }

  run(untilMs: number): void {
    this.events.run(untilMs);
  }

  say(sender: ModelHolder, claim: LeaseClaim, then: (answer: Answer) => void): void {
    this.sent.push(claim);
    if (this.sent.length > 100) this.sent.shift();
    if (this.chance(sender.cutOffUntil > this.events.nowMs ? 0.9 : 0.05)) return;
    this.events.after(this.delayMs(), () => this.arrive(claim, then));
  }

  /** Mostly a moment, sometimes almost too long, sometimes longer than a lease. */
  delayMs(): number {
    const kind = this.random.next();
    return this.random.next() * (kind < 0.8 ? 8 : kind < 0.95 ? 0.9 * SILENT_MS : 1.5 * L);
  }

  private chance(probability: number): boolean {
    return this.random.next() < probability;
  }

  private startSigner(): void {
    const newId = (): number => ++this.ids;
    this.signers.push(new ModelHolder(newId(), this, newId));
  }

  /** Two steps, between which the replica may be paused. */
  private arrive(claim: LeaseClaim, then: (answer: Answer) => void = () => undefined): void {
    if (this.mistakes.readFirst === true) {
      const { epoch } = this;
      this.events.after(this.delayMs(), () => {
        const entered = this.rows.enter(claim);
        const granted = typeof entered !== 'string' && entered[DOMAIN] === epoch ? [DOMAIN] : [];
        this.events.after(this.delayMs(), () => then({ entered, granted, epoch }));
      });
      return;
    }
    const entered = this.rows.enter(claim);
    this.events.after(this.delayMs(), () => {
      const answer = { entered, granted: this.rows.granted(entered), epoch: this.epoch };
      this.events.after(this.delayMs(), () => then(answer));
    });
  }

  private rotate(): void {
    this.epoch++;
    this.rows.rings.set(DOMAIN, this.epoch);
    const { epoch } = this;
    for (const signer of this.signers) {
      if (this.chance(0.3)) signer.cutOffUntil = this.events.nowMs + L;
      else if (this.chance(0.7)) signer.in(this.delayMs(), () => signer.renew());
    }
    // Sometimes the replica that committed has died, and another takes over.
    const takenUpMs = this.random.next() * (this.chance(0.9) ? 5 : 2_000);
    this.events.after(takenUpMs, () => this.switchTo(epoch));
    this.events.after(this.random.integer(200, 2 * L), () => this.rotate());
  }

  private switchTo(epoch: number): void {
    const clock = new DriftingClock(this.random);
    const monotonicMs = (): number => clock.at(this.events.nowMs).monotonicMs;
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
      this.events.after(this.chance(0.95) ? this.random.next() * 5 : this.random.next() * 400, () => {
        if (!wait.isClear && this.chance(0.95)) wait.look(monotonicMs(), holders);
        this.events.after(Math.max(0, Math.min(20, wait.endsAtMs - monotonicMs())), turn);
      });
    };
    turn();
  }

  private sweep(clock: DriftingClock, seen: Map<string, { turn: number; sinceMs: number }>): void {
    const { monotonicMs } = clock.at(this.events.nowMs);
    for (const [holder, { turn }] of this.rows.rows) {
      const known = seen.get(holder);
      if (known?.turn !== turn) seen.set(holder, { turn, sinceMs: monotonicMs });
      else if (monotonicMs - known.sinceMs > outlasting(L)) this.rows.rows.delete(holder);
    }
    for (const holder of seen.keys()) if (!this.rows.rows.has(holder)) seen.delete(holder);
    this.events.after(2_000, () => this.sweep(clock, seen));
  }

  /** A caller counts D by its own clock, from when it asked; the signer may pause anywhere. */
  private callerAsks(): void {
    const dropsAtMs = this.events.nowMs + D / driftingRate(this.random);
    const signer = this.random.pick(this.signers);
    signer.in(this.delayMs(), () => {
      const view = signer.permitted(undefined);
      if (view === undefined) return;
      if (this.chance(0.01)) this.pause(signer);
      signer.in(this.random.next() * 2, () => {
        if (signer.permitted(view.epoch) === undefined) return;
        if (this.chance(0.01)) this.pause(signer);
        // Signed, and on its way: a signer that stops in order answers what it has begun.
        this.events.after(signer.pausedForMs + this.delayMs(), () => this.reach(view.epoch, dropsAtMs));
      });
    });
    this.events.after(this.random.next() * 60, () => this.callerAsks());
  }

  private reach(epoch: number, dropsAtMs: number): void {
    const { nowMs } = this.events;
    if (nowMs >= dropsAtMs) return;
    this.accepted++;
    if (epoch < this.returnedEpoch)
      this.tooLate.push(`by epoch ${epoch} at ${nowMs}, after the switch to ${this.returnedEpoch}`);
  }

  private pause(signer: ModelHolder): void {
    signer.pause(this.random.next() * 1.5 * L);
  }

  private trouble(): void {
    const signer = this.random.pick(this.signers);
    const what = this.random.next();
    if (what < 0.2) this.pause(signer);
    else if (what < 0.3) signer.clock.jump(this.random.integer(-5, 4) * 1_000 + 300);
    else if (what < 0.4) this.setWrong(signer.clock, this.random.pick([-400_300, 400_300]));
    // Never as long as a clock is set back meanwhile: a lease cannot tell that, and the promise rests on its absence.
    else if (what < 0.5) signer.sleep(this.random.integer(1, (2 * L) / 1_000) * 1_000);
    else if (what < 0.8) {
      signer.stop();
      this.signers.splice(this.signers.indexOf(signer), 1);
      this.startSigner();
    }
    this.events.after(this.random.next() * 2 * L, () => this.trouble());
  }

  private setWrong(clock: DriftingClock, byMs: number): void {
    clock.jump(byMs);
    this.events.after(this.random.next() * L, () => clock.jump(-byMs));
  }

  /** With a signer's real credential, and no secret but its own; and a bus that repeats what it has carried. */
  private thief(): void {
    const { name } = this.random.pick(this.signers);
    const claim: LeaseClaim = {
      kind: 'signer',
      holder: this.chance(0.9) ? name : `thief-${this.random.integer(1, 3)}`,
      secret: 'stolen nothing',
      turn: this.random.pick([1, this.random.integer(1, 100), Number.MAX_SAFE_INTEGER]),
      epochs: this.random.pick([{}, { [DOMAIN]: this.epoch + 1 }, { [DOMAIN]: Number.MAX_SAFE_INTEGER }]),
      ...(this.chance(0.5) ? { release: true } : {}),
    };
    this.arrive(claim);
    if (this.sent.length > 0) this.arrive(this.random.pick(this.sent));
    this.events.after(this.random.next() * 500, () => this.thief());
  }
}
