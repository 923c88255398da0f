import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Health, LOGGER, type Logger } from '@plexsphere/service-kit';
import { Claims, type Claim } from './claim/claims';
import { ClockWatch } from './clock-watch';
import { Complaints } from './complaints';
import { Delivery } from './delivery';
import { EventStream } from './publish/event-stream';
import { Outcomes } from './publish/claim-results';

/** Nodes a claim: large enough that its statements are shared by many, small enough that it commits in milliseconds. */
const CLAIM_LIMIT = 512;
/** Nodes in flight at once. A claim waits until a good part of them is free, so that it is not for a handful. */
const MOST_IN_FLIGHT = 1_024;
const LEAST_ROOM = 256;

/** When nothing has woken it the loop looks by itself: a lost wake-up costs this much and nothing else. */
const IDLE_MS = 250;
/** After a wake-up, at least: those that come together are one look at the database. A look that takes longer than this
 * is followed by a pause as long, so that looking never takes more than half of a database's core. */
const GATHER_MS = 5;
/** What is in flight at a stop has so long to end, in milliseconds; then its claims are given back. */
const FINISH_WITHIN_MS = 4_000;

/** Claims Nodes of which something is due and delivers it, until it is told to stop. */
@Injectable()
export class RelayLoop implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController();
  private readonly inFlight = new Map<Promise<void>, Claim>();
  /** The database may hold claims of ours that nothing came of: what it was told last had no answer. */
  private claimsInDoubt = false;
  private readonly complaints: Complaints;
  private databaseState: string | undefined = 'not looked at yet';
  private loop: Promise<void> = Promise.resolve();
  private isWoken = false;
  private lookTookMs = 0;
  private wakeUp: () => void = () => undefined;

  constructor(
    private readonly claims: Claims,
    private readonly delivery: Delivery,
    private readonly outcomes: Outcomes,
    private readonly stream: EventStream,
    private readonly clock: ClockWatch,
    @Inject(LOGGER) private readonly logger: Logger,
    health: Health,
  ) {
    this.complaints = new Complaints(logger);
    health.check('database', () => this.databaseState);
  }

  onApplicationBootstrap(): void {
    this.loop = this.run();
  }

  /** No more claims; what is in flight ends; the Nodes are free for the other relays. */
  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.loop;
    await Promise.race([Promise.all(this.inFlight.keys()), delay(FINISH_WITHIN_MS, undefined, { ref: false })]);
    await this.outcomes.finish().catch((err: unknown) => this.logger.warn({ err }, 'claims not given back'));
  }

  /** There may be something due. */
  wake(): void {
    this.isWoken = true;
    this.wakeUp();
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const more = await this.turn();
      if (!more) await this.untilWoken();
    }
  }

  /** Returns whether another turn may find more at once. */
  private async turn(): Promise<boolean> {
    const room = MOST_IN_FLIGHT - this.inFlight.size;
    if (room < LEAST_ROOM || !this.stream.usable || !this.clock.isRight) return false;
    const limit = Math.min(room, CLAIM_LIMIT);
    const stream = this.stream.created;
    const beganAt = performance.now();
    try {
      await this.settleDoubt();
      const { claims, claimed } = await this.claims.take(limit);
      this.lookTookMs = performance.now() - beganAt;
      this.databaseState = undefined;
      for (const claim of claims) this.track(claim, this.delivery.deliver(claim, stream));
      return claimed === limit && claims.length > 0;
    } catch (err) {
      this.databaseState = 'not answering';
      this.claimsInDoubt = true;
      this.complaints.warn('claiming failed', err instanceof Error ? err.message : 'unknown');
      await delay(IDLE_MS);
      return false;
    }
  }

  /** Claims that lapse by themselves would keep their Nodes waiting after everything else is back. */
  private async settleDoubt(): Promise<void> {
    if (!this.claimsInDoubt) return;
    this.claimsInDoubt = false;
    const workedOn = [...this.inFlight.values()].map(({ node }) => node.nodeId);
    const nodes = await this.outcomes.releaseOthers(workedOn);
    if (nodes > 0) this.logger.info({ nodes }, 'own claims given back');
  }

  private track(claim: Claim, work: Promise<boolean>): void {
    const tracked: Promise<void> = work
      .catch((err: unknown) => {
        this.claimsInDoubt = true;
        this.complaints.warn('delivery failed', err instanceof Error ? err.message : '');
        return false;
      })
      .then((goesOn) => {
        this.inFlight.delete(tracked);
        if (goesOn) this.wake();
        else this.wakeUpIfFull();
      });
    this.inFlight.set(tracked, claim);
  }

  /** A delivery that failed makes nothing due, but it makes room. */
  private wakeUpIfFull(): void {
    if (MOST_IN_FLIGHT - this.inFlight.size === LEAST_ROOM) this.wake();
  }

  private async untilWoken(): Promise<void> {
    if (!this.isWoken) {
      const turn = new AbortController();
      const woken = new Promise<void>((resolve) => (this.wakeUp = resolve));
      await Promise.race([woken, delay(IDLE_MS, undefined, { signal: turn.signal }).catch(() => undefined)]);
      turn.abort();
    }
    if (this.isWoken && !this.stopping.signal.aborted) await delay(Math.max(GATHER_MS, this.lookTookMs));
    this.isWoken = false;
  }
}
