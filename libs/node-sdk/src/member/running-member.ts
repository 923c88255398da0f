/**
 * A channel's member from start to stop. What is held serves once it is on the disk, so that no restart takes back what an
 * application has used; a key that was taken away serves no more at once, whatever the disk does. What is on the disk is
 * proven and reported, of a sink once that has written it.
 */
import { channelDirection, type Scope } from '@plexsphere/wire';
import type { ReportedRing } from '@plexsphere/wire/commands';
import type { Logger } from '../node-observer';
import type { BeforeProof, MemberKey, MemberRing } from './channel-member';
import { nextChangeMs, servingKeys, type HeldKey, type HeldRing } from './held-ring';
import { ANSWERED_WITHIN_MS, Reporter, type ReportAnswer, type Told } from './reporter';
import { RingProof, givenKey } from './ring-proof';
import { takeKeys, type KeysOutcome, type MemberNames } from './take-keys';
import { UseCounts, type Clocks } from './use-counts';

export interface RunningMemberOptions {
  names: MemberNames;
  beforeProof: BeforeProof | undefined;
  send(rings: ReportedRing[]): Promise<ReportAnswer>;
  /** The session looks at what it holds: a key's time is over. */
  onOver(): void;
  onChange(scope: Scope): void;
  logger: Logger;
  clocks: Clocks;
}

/** What is kept of one ring beside its keys. */
interface RingWork {
  proof: RingProof;
  counts: UseCounts;
  /** What serves of it, as it was told last. */
  told: string;
}

const NOTHING_HELD: Told = { rings: [], answered: () => undefined };

/** setTimeout fires at once beyond 2^31 - 1 ms; whoever waits longer looks again then. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class RunningMember {
  private held: readonly HeldRing[] = [];
  private onDisk: readonly HeldRing[] = [];
  private readonly work = new Map<Scope, RingWork>();
  private readonly reporter: Reporter;
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: RunningMemberOptions) {
    const { send, logger } = options;
    this.reporter = new Reporter({ tell: () => this.tell(), send, logger });
  }

  /** `rings`: as they stand on the disk. */
  start(rings: readonly HeldRing[]): void {
    this.held = rings;
    this.saved(rings);
    this.timeHasPassed();
  }

  get rings(): MemberRing[] {
    const { side } = this.options.names;
    return this.onDisk.map(({ scope, epoch }) => {
      const use = channelDirection(scope)?.from === side ? 'sign' : 'verify';
      return { scope, epoch, use };
    });
  }

  keysFor(scope: Scope): MemberKey[] {
    return this.serving(scope).map(givenKey);
  }

  signed(scope: Scope, keyId: string): void {
    if (this.serves(scope, keyId, 'sign')) this.work.get(scope)?.counts.signed(keyId);
  }

  verified(scope: Scope, keyId: string, alone: boolean): void {
    if (this.serves(scope, keyId, 'verify')) this.work.get(scope)?.counts.verified(keyId, alone);
  }

  refused(scope: Scope, reason: string): void {
    this.work.get(scope)?.counts.refused(reason);
  }

  withdraw(scope: Scope): void {
    this.work.get(scope)?.proof.withdraw();
  }

  /** What comes of a verified text of the platform's; nothing has changed yet. */
  take(rings: readonly HeldRing[], payload: string): KeysOutcome {
    const outcome = takeKeys(rings, payload, this.options.names, this.options.clocks.now());
    if (outcome.kind === 'refused' && outcome.scope !== undefined)
      this.refused(outcome.scope, channelRefusal(outcome.reason));
    return outcome;
  }

  /** From now on this is held, and on its way to the disk. */
  holds(rings: readonly HeldRing[]): void {
    if (rings === this.held) return;
    this.held = rings;
    this.look();
  }

  /** It is on the disk. */
  saved(rings: readonly HeldRing[]): void {
    if (rings === this.onDisk) return;
    const before = this.onDisk;
    this.onDisk = rings;
    for (const ring of rings) if (!before.includes(ring)) this.workOf(ring.scope).proof.put(ring);
    this.look();
  }

  /** A sign of life is due. */
  report(): void {
    this.reporter.wake();
  }

  connected(): void {
    this.reporter.hurryUp();
  }

  /** Nothing is reported any more, and no sink asked again. */
  stop(): void {
    clearTimeout(this.timer);
    this.stopping.abort();
    this.reporter.stop();
  }

  /** What a sink was asked to write last it has written, or has failed to. */
  async idle(): Promise<void> {
    await Promise.all([...this.work.values()].map(({ proof }) => proof.idle()));
  }

  private serving(scope: Scope): HeldKey[] {
    const ring = this.onDisk.find((each) => each.scope === scope);
    const held = this.held.find((each) => each.scope === scope)?.keys ?? [];
    if (ring === undefined) return [];
    const isHeld = ({ keyId }: HeldKey): boolean => held.some((key) => key.keyId === keyId);
    return servingKeys(ring, this.options.clocks.now()).filter(isHeld);
  }

  private serves(scope: Scope, keyId: string, use: HeldKey['use']): boolean {
    return this.serving(scope).some((key) => key.keyId === keyId && key.use === use);
  }

  /** Tells of what serves now and did not before, and looks again when that changes by itself. */
  private look(): void {
    clearTimeout(this.timer);
    for (const [scope, work] of this.work) {
      const serving = JSON.stringify(this.serving(scope).map(({ keyId, use, active }) => [keyId, use, active]));
      if (serving === work.told) continue;
      work.told = serving;
      this.tellOf(scope);
    }
    if (this.stopping.signal.aborted) return;
    const now = this.options.clocks.now();
    const inMs = nextChangeMs([...this.held, ...this.onDisk], now) - now.getTime();
    if (!Number.isFinite(inMs)) return;
    this.timer = setTimeout(() => this.timeHasPassed(), Math.min(inMs, LONGEST_TIMER_MS));
    // Not worth keeping a process alive for.
    this.timer.unref();
  }

  private timeHasPassed(): void {
    this.options.onOver();
    this.look();
  }

  private tellOf(scope: Scope): void {
    try {
      this.options.onChange(scope);
    } catch (error) {
      this.options.logger.error({ scope, error: String(error) }, 'listener of a channel failed');
    }
  }

  private workOf(scope: Scope): RingWork {
    const known = this.work.get(scope);
    if (known !== undefined) return known;
    const { names, beforeProof, logger, clocks } = this.options;
    const proof = new RingProof({
      ...{ nodeId: names.nodeId, beforeProof, logger, signal: this.stopping.signal },
      onProven: () => this.reporter.wake(),
    });
    const work = { proof, counts: new UseCounts(clocks), told: '[]' };
    this.work.set(scope, work);
    return work;
  }

  private tell(): Told | undefined {
    const told = [...this.work.values()].flatMap(({ proof: { proven }, counts }) => {
      if (proven === undefined) return [];
      const { used, answered } = counts.tell(ANSWERED_WITHIN_MS);
      return [{ ring: { ...proven, ...used }, answered }];
    });
    // Whoever has lost what it was told says so, and is told again; a sink that has not written yet has nothing to say.
    if (told.length === 0) return this.onDisk.length === 0 ? NOTHING_HELD : undefined;
    return { rings: told.map(({ ring }) => ring), answered: () => told.forEach((each) => each.answered()) };
  }
}

/** As the application is told, and as it stands in a report. */
export const channelRefusal = <Code extends string>(code: Code): `channel_${Code}` => `channel_${code}`;
