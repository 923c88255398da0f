import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Health, LOGGER, Loop, ThrottledLog, type Logger } from '@plexsphere/service-kit';
import { CLAIM_MS } from './claim/claim-nodes';
import { Claims, type Claim } from './claim/claims';
import { ClockWatch } from './clock-watch';
import { Delivery } from './delivery';
import { ClaimResults } from './publish/claim-results';
import { EventStream } from './publish/event-stream';

/** Nodes a claim: large enough that its statements are shared by many, small enough that it commits in milliseconds. */
const CLAIM_LIMIT = 512;
/** Nodes in flight at once. A claim waits until a good part of them is free, so that it is not for a handful. */
const MOST_IN_FLIGHT = 1_024;
const LEAST_ROOM = 256;
/** Messages of these, all that wait for their turn included: whoever is claimed next waits for no more than these. */
const MOST_MESSAGES = 4_096;

/**
 * When nothing has woken it the loop looks by itself: a lost wake-up costs this much and nothing else. For a while after
 * anybody was found or spoken of, longer than a claim lasts, it looks often; what is due to nobody for that long, seldom.
 */
const IDLE_MS = 250;
const QUIET_MS = 1_000;
const QUIET_AFTER_MS = 2 * CLAIM_MS;
/** After a wake-up: those that come together are one look at the database. And where a look found many, and none was due. */
const GATHER_MS = 5;
/** What is in flight at a stop has so long to end, in milliseconds; then its claims are given back. */
const FINISH_WITHIN_MS = 4_000;

/** Claims Nodes of which something is due and delivers it, until it is told to stop. */
@Injectable()
export class RelayLoop implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;
  private readonly inFlight = new Map<Promise<void>, Claim>();
  private messagesInFlight = 0;
  /** The database may hold claims of ours that nothing came of: what it was told last had no answer. */
  private claimsInDoubt = false;
  private databaseState: string | undefined = 'not looked at yet';
  private wokenAt = performance.now();

  constructor(
    private readonly claims: Claims,
    private readonly delivery: Delivery,
    private readonly results: ClaimResults,
    private readonly stream: EventStream,
    private readonly clock: ClockWatch,
    private readonly log: ThrottledLog,
    @Inject(LOGGER) private readonly logger: Logger,
    health: Health,
  ) {
    health.check('database', () => this.databaseState);
    this.loop = new Loop({
      turn: () => this.turn(),
      everyMs: IDLE_MS,
      gatherMs: () => GATHER_MS,
      failure: 'claiming failed',
      logger,
    });
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  /** No more claims; what is in flight ends; the Nodes are free for the other relays. */
  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
    await Promise.race([Promise.all(this.inFlight.keys()), delay(FINISH_WITHIN_MS, undefined, { ref: false })]);
    await this.results.finish().catch((err: unknown) => this.logger.warn({ err }, 'claims not given back'));
  }

  /** There may be something due. */
  wake(): void {
    this.wokenAt = performance.now();
    this.loop.wake();
  }

  /** For how many Nodes more; none where that is not worth a claim. */
  private get room(): number {
    const room = MOST_IN_FLIGHT - this.inFlight.size;
    return room < LEAST_ROOM || this.messagesInFlight >= MOST_MESSAGES ? 0 : room;
  }

  private get idleMs(): number {
    const lastAt = Math.max(this.wokenAt, this.claims.foundAt);
    return performance.now() - lastAt < QUIET_AFTER_MS ? IDLE_MS : QUIET_MS;
  }

  /** Returns the pause until another one may find more. */
  private async turn(): Promise<number> {
    const { room } = this;
    if (room === 0 || !this.stream.usable || !this.clock.isRight) return IDLE_MS;
    const limit = Math.min(room, CLAIM_LIMIT);
    const stream = this.stream.created;
    try {
      await this.settleDoubt();
      const claims = await this.claims.take(limit);
      this.databaseState = undefined;
      for (const claim of claims) this.track(claim, this.delivery.deliver(claim, stream));
      if (!this.claims.hasMore) return this.idleMs;
      return claims.length > 0 ? 0 : GATHER_MS;
    } catch (error) {
      this.databaseState = 'not answering';
      this.claimsInDoubt = true;
      throw error;
    }
  }

  /** Claims that lapse by themselves would keep their Nodes waiting after everything else is back. */
  private async settleDoubt(): Promise<void> {
    if (!this.claimsInDoubt) return;
    this.claimsInDoubt = false;
    const workedOn = [...this.inFlight.values()].map(({ node }) => node.nodeId);
    const nodes = await this.results.releaseOthers(workedOn);
    if (nodes > 0) this.logger.info({ nodes }, 'own claims given back');
  }

  private track(claim: Claim, work: Promise<boolean>): void {
    const messages = 1 + claim.behind.length;
    const tracked: Promise<void> = work
      .catch((err: unknown) => {
        this.claimsInDoubt = true;
        this.log.warn({ err }, 'delivery failed', err instanceof Error ? err.message : '');
        return false;
      })
      .then((goesOn) => {
        const hadNoRoom = this.room === 0;
        this.inFlight.delete(tracked);
        this.messagesInFlight -= messages;
        if (goesOn) this.claims.goesOn(claim);
        // A delivery that failed makes nothing due, but it makes room.
        if (goesOn || (hadNoRoom && this.room > 0)) this.wake();
      });
    this.inFlight.set(tracked, claim);
    this.messagesInFlight += messages;
  }
}
