/**
 * What an agent does by itself. It looks whenever there may be something to do: when the Node comes in, is ordered to ask, is
 * turned away, or it is time; and again after a while where that came to nothing.
 */
import type { HostFailure } from '@plexsphere/wire/commands';
import type { EdgeObserver } from '../edge-agent';
import { EdgeError } from '../edge-error';
import type { ServerClock } from '../gateway/server-clock';
import { hostFailureOf } from '../folder/write-failure';
import { DEFAULT_KEEP_OLD_MS, type EdgeChanged } from '../types';
import type { KeyEngine } from './key-engine';

export interface UpkeepOptions {
  engine: KeyEngine;
  clock: ServerClock;
  /** After whatever else is being changed. */
  inTurn(work: () => Promise<void>): Promise<void>;
  isConnected(): boolean;
  observer: EdgeObserver;
}

type Why = 'fleet' | 'due';

/** Of a token's life: then another one is asked for, so that a third of it is left for a platform that is away. */
const RENEWED_AT = 2 / 3;
/** Orders come thrice, and anybody may send more: as many as come in this time are one. */
const GATHERED_MS = 100;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** Old keys are looked through so often, and whatever has a time is looked at no later. */
const LOOKED_AT_LEAST_MS = 3_600_000;

export class Upkeep {
  private timer: NodeJS.Timeout | undefined;
  private timerAtMs = Infinity;
  private isLooking = false;
  private isAskedAgain = false;
  private isStopped = false;
  private failures = 0;
  /** Why the change that a fleet run waits for did not come about: told with the next question. */
  private failed: { run: string; reason: HostFailure } | null = null;
  private isOver = false;

  constructor(private readonly options: UpkeepOptions) {}

  start(): void {
    this.look();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  /** Soon. */
  look(): void {
    if (this.isLooking) this.isAskedAgain = true;
    else this.lookIn(GATHERED_MS);
  }

  private lookIn(ms: number): void {
    const atMs = Date.now() + ms;
    if (this.isStopped || (this.timer !== undefined && this.timerAtMs <= atMs)) return;
    clearTimeout(this.timer);
    this.timerAtMs = atMs;
    this.timer = setTimeout(() => void this.lookNow(), ms);
  }

  private async lookNow(): Promise<void> {
    this.timer = undefined;
    this.timerAtMs = Infinity;
    this.isLooking = true;
    this.isAskedAgain = false;
    await this.options.inTurn(() => this.doWhatIsDue());
    this.isLooking = false;
    const isFailing = this.failures > 0;
    if (this.isAskedAgain && !isFailing) this.lookIn(GATHERED_MS);
    else this.lookIn(isFailing ? this.pauseMs() : this.untilDueMs());
  }

  private async doWhatIsDue(): Promise<void> {
    if (this.isStopped) return;
    // A disk that refuses is told by what has to be written; the key that is over goes another time.
    await this.options.engine.deleteOver().catch(() => undefined);
    const isDone =
      (await this.attempt('key', () => this.settle())) &&
      (await this.attempt('token', () => this.renewIfDue())) &&
      (await this.attempt('ask', () => this.doWhatIsOrdered())) &&
      (await this.attempt('key', () => this.changeIfDue()));
    // A change whose confirmation nobody has answered is gone on with soon: until then a fleet run waits for it.
    const isSettled = this.options.engine.held.pending === undefined;
    this.failures = isDone && isSettled ? 0 : this.failures + 1;
  }

  private async settle(): Promise<void> {
    const { engine } = this.options;
    const { pending } = engine.held;
    const changed = await engine.settle();
    if (pending === undefined || changed === undefined) return;
    // Unanswered still, it was told before.
    this.tell(changed, pending.kind === 'token' ? 'token' : 'key', 'due');
    if (engine.held.pending !== undefined) throw new EdgeError('unanswered', 'confirm');
  }

  private async renewIfDue(): Promise<void> {
    const { engine, clock } = this.options;
    const atMs = renewalAtMs(engine);
    if (clock.now().getTime() < atMs) return;
    try {
      this.tell(await engine.newToken(false), 'token', 'due');
    } catch (error) {
      // The platform knows another token as the Node's: whoever has that, another key makes worthless.
      if (!(error instanceof EdgeError) || !error.isRefusal('tokenMismatch')) throw error;
      this.tell(await engine.changeKey(DEFAULT_KEEP_OLD_MS), 'key', 'due');
    }
  }

  private async doWhatIsOrdered(): Promise<void> {
    const { engine } = this.options;
    const { due } = await engine.ask(this.failed);
    this.failed = null;
    if (due === null) return;
    try {
      this.tell(await engine.changeKey(DEFAULT_KEEP_OLD_MS), 'key', 'fleet');
    } catch (error) {
      const reason = hostFailureOf(error);
      if (reason !== undefined) {
        this.failed = { run: due, reason };
        await engine.ask(this.failed);
        this.failed = null;
      }
      throw error;
    }
  }

  private async changeIfDue(): Promise<void> {
    const { engine, clock } = this.options;
    const { rotateAfter } = engine.held.creds;
    if (rotateAfter === null || clock.now().getTime() < Date.parse(rotateAfter)) return;
    this.tell(await engine.changeKey(DEFAULT_KEEP_OLD_MS), 'key', 'due');
  }

  private async attempt(what: 'key' | 'token' | 'ask', work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      const { code, about } = error instanceof EdgeError ? error : { code: 'failed', about: String(error) };
      this.options.observer.onFailed?.({ what, code, about });
      this.tellIfOver();
      return false;
    }
  }

  /** One gateway's word does not stop a Node whom the bus still lets in: what is true will show there, too. */
  private tellIfOver(): void {
    const { engine, isConnected, observer } = this.options;
    const { status } = engine.held.standing;
    if (this.isOver || status === 'active' || isConnected()) return;
    this.isOver = true;
    this.stop();
    observer.onOver?.({ status });
  }

  private tell(changed: EdgeChanged, what: 'key' | 'token', why: Why): void {
    this.options.observer.onChanged?.({ ...changed, what, why });
  }

  private pauseMs(): number {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.failures - 1, 10));
    return longest * (0.5 + Math.random() / 2);
  }

  private untilDueMs(): number {
    const { engine, clock } = this.options;
    const rotateAfter = Date.parse(engine.held.creds.rotateAfter ?? '') || Infinity;
    const nextMs = Math.min(renewalAtMs(engine), rotateAfter) - clock.now().getTime();
    return Math.min(LOOKED_AT_LEAST_MS, Math.max(FIRST_PAUSE_MS, nextMs));
  }
}

function renewalAtMs(engine: KeyEngine): number {
  const { issuedAt, expiresAt } = engine.held.creds.claims;
  return expiresAt === undefined ? Infinity : (issuedAt + (expiresAt - issuedAt) * RENEWED_AT) * 1_000;
}
