/**
 * Keeps the keys of an issuer at hand. One fetch at a time: by the clock, and besides where somebody asks for a key that
 * is not among them.
 */
import { FetchFailed, failureOf } from './fetch-failed';
import { fetchText, type FetchedText } from './fetch-text';
import type { GuardSettings } from './guard-settings';
import { readKeySet, type KeySet } from './key-set';
import { tell, type FetchReport } from './reports';
import { JITTER, before, isWithin, moment, msSince, type Moment } from './times';

/** Eighteen of the largest keys are 15 kB. */
const MAX_BYTES = 256 * 1_024;

/** The issuer's word, and when it was given. */
interface Held {
  keys: KeySet;
  text: string;
  etag: string | undefined;
  /** When the fetch began by which the issuer said so last: what it did later it has not said. */
  confirmed: Moment;
}

type Settings = Pick<GuardSettings, 'jwksUrl' | 'ca' | 'times'>;

export class KeyPoller {
  private held: Held | undefined;
  /** When the last fetch began, and the last one that has ended. */
  private begun: Moment | undefined;
  private ended: Moment | undefined;
  private failures = 0;
  private underWay: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly stopping = new AbortController();
  private heard: () => void = () => undefined;
  /** There was a word of the issuer. */
  readonly ready = new Promise<void>((resolve) => (this.heard = resolve));

  constructor(
    private readonly settings: Settings,
    private readonly onFetch: ((report: FetchReport) => void) | undefined,
  ) {}

  start(): void {
    void this.fetch();
  }

  stop(): void {
    this.stopping.abort();
    clearTimeout(this.timer);
  }

  /** Whether the last fetch brought no word of the issuer: what it has published since is not known. */
  get isCutOff(): boolean {
    return this.failures > 0;
  }

  /** The keys to go by at this moment. Undefined where nobody may be let in: the issuer has not been heard for too long. */
  async current(): Promise<KeySet | undefined> {
    const { pollEveryMs, fetchWithinMs } = this.settings.times;
    // A poll that did not come in time, since the process or its machine stood still: what stands may be long thrown out.
    if (!isWithin(pollEveryMs + fetchWithinMs, this.ended)) await this.refetch();
    if (this.served() === undefined) await this.refetch();
    return this.served();
  }

  /** Joins the fetch that is under way, or begins one; unless there was one just now, so that no caller can make it many. */
  async refetch(): Promise<void> {
    if (this.underWay === undefined && isWithin(this.settings.times.refetchAfterMs, this.begun)) return;
    await this.fetch();
  }

  private served(): KeySet | undefined {
    return isWithin(this.settings.times.serveUnconfirmedMs, this.held?.confirmed) ? this.held?.keys : undefined;
  }

  private fetch(): Promise<void> {
    if (this.stopping.signal.aborted) return Promise.resolve();
    this.underWay ??= this.attempt().finally(() => (this.underWay = undefined));
    return this.underWay;
  }

  private async attempt(): Promise<void> {
    clearTimeout(this.timer);
    const begun = moment();
    this.begun = begun;
    const report = await this.tried(begun);
    if (this.stopping.signal.aborted) return;
    this.failures = report.result === 'failed' ? this.failures + 1 : 0;
    this.ended = begun;
    this.plan(begun);
    tell(this.onFetch, report);
  }

  private async tried(begun: Moment): Promise<FetchReport> {
    const { jwksUrl: url, ca, times } = this.settings;
    const { signal } = this.stopping;
    const asked = { url, ca, etag: this.held?.etag, withinMs: times.fetchWithinMs, maxBytes: MAX_BYTES, signal };
    try {
      return await this.take(await fetchText(asked), begun);
    } catch (error) {
      // Whatever it was: polls go on.
      const { reason, detail } = failureOf(error);
      return { result: 'failed', reason, detail };
    }
  }

  private async take({ text, etag, ageMs }: FetchedText, begun: Moment): Promise<FetchReport> {
    const { held } = this;
    const confirmed = before(begun, ageMs);
    // A cache that does not do as it is asked: its keys may be such as were thrown out since.
    const isOlder = held !== undefined && ageMs > 0 && msSince(held.confirmed, confirmed) < 0;
    if (isOlder || ageMs > this.settings.times.serveUnconfirmedMs) throw new FetchFailed('held_by_cache');
    if (held !== undefined && (text === undefined || text === held.text)) {
      this.held = { ...held, etag: etag ?? held.etag, confirmed };
      return { result: 'unchanged' };
    }
    const keys = await readKeySet(text ?? '');
    if (keys === undefined) throw new FetchFailed('malformed', 'no key set');
    this.held = { keys, text: text ?? '', etag, confirmed };
    this.heard();
    return { result: 'changed' };
  }

  /** From beginning to beginning. After a failure soon, and then less and less often. */
  private plan(begun: Moment): void {
    const { pollEveryMs, refetchAfterMs } = this.settings.times;
    const soon = refetchAfterMs * 2 ** Math.min(this.failures - 1, 10);
    const ms = this.failures > 0 ? Math.min(pollEveryMs, soon) : pollEveryMs;
    const jittered = ms * (1 - JITTER * Math.random());
    this.timer = setTimeout(() => void this.fetch(), Math.max(0, jittered - msSince(begun)));
    // Until there are keys, whoever waits for them has nothing else yet that keeps the process alive.
    if (this.held !== undefined) this.timer.unref();
  }
}
