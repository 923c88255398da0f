import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { RENEWALS_PER_LEASE, type Clocks } from '@plexsphere/keyring';
import { Bus, Health, LOGGER, ThrottledLog, type Logger } from '@plexsphere/service-kit';
import { Problem, subjects, type RingView, type Scope } from '@plexsphere/wire';
import { MAX_STATEMENTS, type RenewLease, type RenewLeaseReply } from '@plexsphere/wire/commands';
import { DatabaseClock, readClocks } from './database-clock';
import { HeldScopes } from './held-scopes';
import { LEASE_HOLDER, drawIdentity, type HolderIdentity, type LeaseHolder } from './holder';
import { LeaseTable } from './lease-table';
import { RingLoading } from './ring-loading';

/** Between two tries while rotation does not answer; also before the first answer has told L. */
const TRY_AGAIN_MS = 500;

/** A replica of rotation that says nothing for so long is given up on: the next request may reach another. */
const SILENT_MS = 1_000;

const UNANSWERED = 'rotation has not answered yet';

/** How long an orderly stop waits for its last words to be heard: after it the leases run out by themselves. */
const RELEASE_MS = 1_000;

/**
 * Asks rotation for the leases of all scopes in one request, again every third of L and at once when a ring has changed,
 * and takes the rings that the answers bring. A renewal that fails changes nothing: the leases just run out.
 */
@Injectable()
export class LeaseKeeper implements OnApplicationBootstrap, OnModuleDestroy {
  private identity: HolderIdentity;
  private readonly loading: RingLoading;
  private leaseMs: number | undefined;
  private recoveryKey: string | undefined;
  private cacheMs: number | undefined;
  private hasTried = false;
  private inFlight: Promise<void> | undefined;
  private again = false;
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly log: ThrottledLog;
  private waiting: (() => void)[] = [];
  private turn = 0;

  constructor(
    @Inject(LEASE_HOLDER) private readonly holder: LeaseHolder<unknown>,
    private readonly table: LeaseTable,
    private readonly clock: DatabaseClock,
    private readonly held: HeldScopes,
    private readonly bus: Bus,
    health: Health,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.identity = drawIdentity(holder.kind);
    this.log = new ThrottledLog(logger);
    this.loading = new RingLoading(holder, table, logger, this.log, () => this.renew());
    health.check('lease', () => (this.isHeldUp ? UNANSWERED : undefined));
    health.warn('lease', () => (this.leaseMs === undefined ? UNANSWERED : undefined));
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.bus.whenThere(() => {
      this.beHolder();
      this.renew();
    });
  }

  /** The bus server has answered everything by now, so nothing rests on a lease any more. */
  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    this.held.stop();
    // A renewal that overtakes the release would bring the lease back.
    await Promise.race([this.inFlight, delay(RELEASE_MS, undefined, { ref: false })]);
    await this.ask({ ...this.request({}), release: true }, RELEASE_MS).catch((err: unknown) =>
      this.logger.warn({ err }, 'leases not given back'),
    );
  }

  get holderName(): string {
    return this.identity.holder;
  }

  /** One of the three anchors of a trust bundle; undefined before the first answer. */
  get recoveryPublicKey(): string | undefined {
    return this.recoveryKey;
  }

  /** How long rotation lets a verifier keep a key set; undefined before the first answer, which nobody may count on. */
  get verifierCacheMs(): number | undefined {
    return this.cacheMs;
  }

  /** At once. While a renewal is under way, one more follows it: its answer may be from before what made us ask. */
  renew(): void {
    if (this.stopped) return;
    if (this.inFlight === undefined) this.inFlight = this.renewOnce();
    else this.again = true;
  }

  /** Resolves when no renewal and no loading is under way, or after `timeoutMs`. */
  async settled(timeoutMs: number): Promise<void> {
    if (this.idle) return;
    const timeout = new AbortController();
    const settled = new Promise<void>((resolve) => this.waiting.push(resolve));
    await Promise.race([settled, delay(timeoutMs, undefined, { signal: timeout.signal })]).finally(() =>
      timeout.abort(),
    );
  }

  /** Without an answer, who could do its work without one has at least asked. */
  private get isHeldUp(): boolean {
    if (this.leaseMs !== undefined) return false;
    return this.holder.goesOnWithout !== true || (this.bus.isThere && !this.hasTried);
  }

  private get idle(): boolean {
    return this.inFlight === undefined && this.loading.isIdle;
  }

  private async renewOnce(): Promise<void> {
    clearTimeout(this.timer);
    this.again = false;
    const intervalMs = this.leaseMs === undefined ? undefined : this.leaseMs / RENEWALS_PER_LEASE;
    const claimed = this.clock.offByMs === undefined ? this.table.epochs() : {};
    // Before asking: rotation's own count begins after it, so this side's ends first.
    const asked = readClocks();
    let nextMs = TRY_AGAIN_MS;
    try {
      const reply = await this.ask(this.request(claimed), Math.min(intervalMs ?? SILENT_MS, SILENT_MS));
      this.takeAnswer(asked, claimed, reply);
      nextMs = Math.max(0, reply.lease_ms / RENEWALS_PER_LEASE - (performance.now() - asked.monotonicMs));
    } catch (error) {
      this.log.warn({ reason: error instanceof Problem ? error.detail : String(error) }, 'leases not renewed');
      if (error instanceof Problem && error.is('leaseOfAnother')) this.beAnother();
      nextMs = Math.min(TRY_AGAIN_MS, intervalMs ?? TRY_AGAIN_MS);
    } finally {
      this.inFlight = undefined;
      this.hasTried = true;
      this.held.update();
      this.planNext(nextMs);
    }
  }

  private planNext(afterMs: number): void {
    if (this.stopped) return;
    if (this.again) this.renew();
    else this.timer = setTimeout(() => this.renew(), afterMs);
    this.tellSettled();
  }

  private request(epochs: Record<Scope, number>): RenewLease {
    const turn = ++this.turn;
    const statements = this.proofs(turn);
    return {
      secret: this.identity.secret,
      turn,
      epochs,
      ...(statements === undefined ? {} : { statements }),
      ...(this.clock.offByMs === undefined ? {} : { clock_off_ms: this.clock.offByMs }),
    };
  }

  /** So many at a time, others each time. */
  private proofs(turn: number): Record<Scope, string> | undefined {
    const all = this.table.proofs();
    if (all.length === 0) return undefined;
    const first = (turn * MAX_STATEMENTS) % all.length;
    return Object.fromEntries([...all.slice(first), ...all.slice(0, first)].slice(0, MAX_STATEMENTS));
  }

  private ask(request: RenewLease, timeoutMs: number): Promise<RenewLeaseReply> {
    return this.bus.request<RenewLeaseReply>(subjects.renewLease(this.holder.kind, this.holderName), request, {
      timeoutMs,
      unavailable: 'busUnavailable',
    });
  }

  private takeAnswer(asked: Clocks, claimed: Record<Scope, number>, reply: RenewLeaseReply): void {
    // Anything else would renew without a pause.
    if (!(reply.lease_ms > 0)) throw new Error('lease_ms is no duration');
    this.leaseMs = reply.lease_ms;
    this.cacheMs = reply.verifier_cache_ms;
    if (!this.clockIsRight(asked, reply)) return;
    const { toLoad, refused, dropped } = this.table.answered(asked, claimed, reply);
    this.recoveryKey = reply.recovery_public_key;
    for (const scope of dropped) this.logger.info({ scope }, 'ring removed');
    // Whoever removed it waits until it is claimed no more.
    if (dropped.length > 0) this.again = true;
    // At each renewal until an operator has settled it.
    for (const { scope, epoch, seenEpoch } of refused)
      this.log.error({ scope, epoch, seen_epoch: seenEpoch, reason: 'epoch went back' }, 'ring refused');
    for (const view of toLoad) void this.load(view);
  }

  /** Where it is not, every lease is over here, and rotation is told at once why nothing is claimed any more. */
  private clockIsRight(asked: Clocks, reply: RenewLeaseReply): boolean {
    const wasOff = this.clock.offByMs !== undefined;
    this.clock.measured(asked.wallMs, readClocks().wallMs, reply.now);
    const { isRight, offByMs } = this.clock;
    if (!isRight) this.table.giveBack();
    if (!isRight && !wasOff) {
      this.again = true;
      this.logger.error({ off_by_ms: offByMs }, 'clock is off, leases given back');
    }
    if (isRight && wasOff) this.logger.info('clock is right again');
    return isRight;
  }

  private beHolder(): void {
    this.held.hear(true, this.holder.hears.ofHolder?.(this.holderName));
    this.logger.info({ holder: this.holderName }, 'lease holder');
  }

  /** The row of this name is not ours: what we were granted under it is over, or ends with nobody renewing it. */
  private beAnother(): void {
    this.table.giveBack();
    this.held.hear(false, this.holder.hears.ofHolder?.(this.holderName));
    this.identity = drawIdentity(this.holder.kind);
    this.beHolder();
  }

  /** Apart from the renewals: a database that hangs on one ring must not cost the leases of the others. */
  private async load(view: RingView): Promise<void> {
    await this.loading.load(view);
    this.held.update();
    this.tellSettled();
  }

  private tellSettled(): void {
    if (!this.idle) return;
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
