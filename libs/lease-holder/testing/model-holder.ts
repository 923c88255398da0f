import type { Clocks } from '@plexsphere/keyring';
import { DOMAIN, ringOf, type Entered, type LeaseClaim, type SeededRandom } from '@plexsphere/testkit';
import { CLOCK_SKEW_MS, SIGNING_DURATION_MS, type RingView } from '@plexsphere/wire';
import { LeaseTable } from '../src/lease-table';
import { DriftingClock, START_MS } from './drifting-clock';
import type { EventQueue } from './event-queue';

export const L = 3_000;
/** As the keeper's: how long it waits for an answer, and until it tries again. */
export const SILENT_MS = 1_000;
const TRY_AGAIN_MS = 500;

/** What rotation says to a renewal: what became of the claim, what is granted, and the ring's epoch. */
export interface Answer {
  entered: Entered;
  granted: string[];
  epoch: number;
}

/** Where a holder lives: `say` carries a claim to rotation, and its answer back where none of the two is lost. */
export interface Surroundings {
  random: SeededRandom;
  events: EventQueue;
  say(holder: ModelHolder, claim: LeaseClaim, then: (answer: Answer) => void): void;
  /** How long something takes, this time. */
  delayMs(): number;
  /** A lease counts from its answer: forbidden, and there to show that the world would notice. */
  fromAnswer: boolean;
}

/** The product's own lease table in a process that renews as the keeper does, pauses, sleeps and forgets its name. */
export class ModelHolder {
  readonly clock: DriftingClock;
  /** Callers reach it, and rotation and it hardly each other. */
  cutOffUntil = 0;

  private readonly table = new LeaseTable();
  private turn = 0;
  private asking: { id: number; asked: Clocks; claimed: Record<string, number> } | undefined;
  private asks = 0;
  private again = false;
  private clockOff = false;
  private pausedUntil = 0;
  private stopped = false;

  constructor(
    private id: number,
    private readonly around: Surroundings,
    private readonly newId: () => number,
  ) {
    this.clock = new DriftingClock(around.random);
    this.renew();
  }

  get name(): string {
    return `signer-${this.id}`;
  }

  /** How much longer nothing happens in it. */
  get pausedForMs(): number {
    return Math.max(0, this.pausedUntil - this.nowMs);
  }

  pause(ms: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, this.nowMs + ms);
  }

  sleep(ms: number): void {
    this.pause(ms);
    this.clock.slept(ms);
  }

  /** In that process: nothing happens in one that is paused before it goes on. */
  in(ms: number, happen: () => void): void {
    this.around.events.after(ms, () => {
      if (this.pausedForMs > 0) this.in(this.pausedForMs, happen);
      else if (!this.stopped) happen();
    });
  }

  renew(): void {
    if (this.asking !== undefined) {
      this.again = true;
      return;
    }
    const id = ++this.asks;
    const asked = this.clock.at(this.nowMs);
    const claimed = this.clockOff ? {} : this.table.epochs();
    this.asking = { id, asked, claimed };
    this.again = false;
    this.around.say(this, this.claim(claimed), (answer) => this.hear(id, answer));
    this.in(SILENT_MS, () => this.asked(id, TRY_AGAIN_MS));
  }

  /** In order, with a last word. */
  stop(): void {
    this.around.say(this, { ...this.claim({}), release: true }, () => undefined);
    this.stopped = true;
  }

  /** The ring that it may sign by now, at `epoch` where that is named. */
  permitted(epoch: number | undefined): RingView | undefined {
    try {
      return this.table.permit({ scope: DOMAIN, epoch }, SIGNING_DURATION_MS, this.clock.at(this.nowMs)).view;
    } catch {
      return undefined;
    }
  }

  private get nowMs(): number {
    return this.around.events.nowMs;
  }

  private claim(epochs: Record<string, number>): LeaseClaim {
    return { kind: 'signer', holder: this.name, secret: `secret-${this.id}`, turn: ++this.turn, epochs };
  }

  private hear(id: number, { entered, granted, epoch }: Answer): void {
    // What the answer says of the time was true when it was given; how late it comes is the holder's to allow for.
    const nowMs = START_MS + this.nowMs;
    this.in(0, () => {
      if (this.asking?.id !== id) return;
      if (entered === 'of another') this.beAnother();
      else if (typeof entered !== 'string') this.take(this.asking, nowMs, granted, epoch);
      this.asked(id, L / 3);
    });
  }

  private take(
    { asked, claimed }: { asked: Clocks; claimed: Record<string, number> },
    nowMs: number,
    granted: string[],
    epoch: number,
  ): void {
    const clocks = this.clock.at(this.nowMs);
    this.clockOff = Math.abs((asked.wallMs + clocks.wallMs) / 2 - nowMs) > CLOCK_SKEW_MS;
    if (this.clockOff) return this.table.giveBack();
    const { toLoad } = this.table.answered(this.around.fromAnswer ? clocks : asked, claimed, {
      lease_ms: L,
      now: new Date(nowMs).toISOString(),
      granted,
      rings: claimed[DOMAIN] === epoch ? [] : [viewOf(epoch)],
      removed: [],
      recovery_public_key: '',
      verifier_cache_ms: 0,
    });
    for (const view of toLoad) {
      this.in(this.around.delayMs(), () => {
        if (this.around.random.next() < 0.1) this.table.notLoaded(view);
        else if (this.table.take(view, undefined)) this.renew();
      });
    }
  }

  private asked(id: number, againAfterMs: number): void {
    if (this.asking?.id !== id) return;
    this.asking = undefined;
    if (this.again) this.renew();
    else this.in(againAfterMs, () => this.asking === undefined && this.renew());
  }

  private beAnother(): void {
    this.table.giveBack();
    this.id = this.newId();
  }
}

const views = new Map<number, RingView>();

function viewOf(epoch: number): RingView {
  const view = views.get(epoch) ?? ringOf(DOMAIN, epoch, { [`k${epoch}`]: 'active' });
  views.set(epoch, view);
  return view;
}
