/**
 * A second client, written from the contract alone: two keys and no memory of events. Three loops that know nothing of each
 * other: the stream, which is asked for again at once whenever it ends; the heartbeat; the state, compared with the one
 * before. It takes nothing that it cannot verify, dies of a key that is none, and stops where it is told that it is unknown.
 */
import { setMaxListeners } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { keysOf, readBeat, readKeyNews, readState, type Identity, type SaidKeys } from './strict-answers';
import { PATIENCE_MS, call, type Answer } from './strict-call';
import { rawKey, readEnvelope, refusalOf, type StrictEnvelope, type StrictKeys } from './strict-envelope';
import { StrictEvents, type RawEvent } from './strict-events';
import { registerStrictly } from './strict-registration';
import { StrictStillness } from './strict-stillness';

export type { Identity };

/** How often it does what it does. A daemon's are 30 s, 30 s, 60 s and 5 min. */
export interface Beats {
  cutMs: number;
  heartbeatMs: number;
  stateMs: number;
  /** Without a stream for so long it asks for states beside, which it throws away. */
  pollAfterMs?: number;
  /** Something in between lets no stream through. */
  hasNoStream?: boolean;
}

/** Who wants to hear of it at once. */
export interface Told {
  accepted: (event: StrictEnvelope) => void;
  refused: (why: string) => void;
  trusts: (keys: StrictKeys) => void;
}

const BEATS: Beats = { cutMs: 30_000, heartbeatMs: 30_000, stateMs: 60_000 };
const POLL_AFTER_MS = 5 * 60_000;
const OURS = new Set(['stream_ready', 'signing_key_rotated']);
const STOPS_AT = new Set([401, 403, 404]);
const LONGEST_BACK_OFF_MS = 4_000;

export class StrictNode {
  readonly accepted: StrictEnvelope[] = [];
  readonly refusals: string[] = [];
  readonly states: { keys: SaidKeys | null; drifted: boolean }[] = [];
  /** What ended it: a status, or a key that was none. */
  ended: string | undefined;
  streams = 0;
  /** Those of them that others cut off, in the middle. */
  brokenStreams = 0;
  /** When it asked for a stream, and what it was told; 0 where nobody answered, undefined as long as nobody has. */
  readonly asked: { atMs: number; status: number | undefined }[] = [];
  lastId = '';
  readonly stillness = new StrictStillness();
  /** Whether its heartbeat was last told to make another WireGuard key. */
  isToRotateKeys = false;
  private keys: StrictKeys;
  private before: SaidKeys | null = null;
  private nonces = new Set<string>();
  private readonly stopping = new AbortController();
  private readonly loops: Promise<void>[] = [];
  /** A state was asked for; while one is under way, one more follows it. */
  private isStateDue = false;
  private wakeReconciler: () => void = () => undefined;
  private urlIndex = 0;

  constructor(
    /** Of each of the gateways; each call goes to the next one. */
    readonly urls: readonly string[],
    readonly identity: Identity,
    readonly beats: Beats = BEATS,
    private readonly told: Partial<Told> = {},
  ) {
    rawKey(identity.signing_public_key);
    // All that waits hears of the end.
    setMaxListeners(0, this.stopping.signal);
    this.keys = { current: identity.signing_public_key, previous: null, until: null };
  }

  static readonly register = registerStrictly;

  get id(): string {
    return this.identity.node_id;
  }

  start(): this {
    const run = (loop: () => Promise<void>): Promise<void> => loop().catch((error: unknown) => this.die(error));
    this.told.trusts?.(this.keys);
    this.loops.push(
      ...(this.beats.hasNoStream === true ? [] : [run(() => this.readStreams())]),
      run(() => this.beat()),
      run(() => this.reconcile()),
    );
    return this;
  }

  async stop(): Promise<void> {
    this.stillness.thaw();
    this.stopping.abort();
    this.wakeReconciler();
    await Promise.all(this.loops);
  }

  /** Events that are not of the signing plane itself, in the order in which they came, repetitions too. */
  get taken(): string[] {
    return this.accepted.filter(({ eventType }) => !OURS.has(eventType)).map(({ eventId }) => eventId);
  }

  has(eventId: string): boolean {
    return this.accepted.some((event) => event.eventId === eventId);
  }

  trusts(publicKey: string): boolean {
    return this.keys.current === publicKey;
  }

  private async readStreams(): Promise<void> {
    let backOffMs = 1_000;
    let streamlessSince: number | undefined;
    while (!this.isStopping) {
      await this.stillness.awake();
      const asked: (typeof this.asked)[number] = { atMs: performance.now(), status: undefined };
      this.asked.push(asked);
      const { status, retryAfterMs } = await this.readStream((heard) => (asked.status = heard)).catch(() => {
        asked.status ??= 0;
        return { status: 0, retryAfterMs: undefined };
      });
      if (STOPS_AT.has(status)) throw new Error(`stream answered ${status}`);
      if (isOurFault(status) && status !== 429) this.refuse(`stream answered ${status}`);
      if (status === 200) [backOffMs, streamlessSince] = [1_000, undefined];
      else if (retryAfterMs !== undefined) await this.pause(retryAfterMs);
      else {
        streamlessSince ??= performance.now();
        if (performance.now() - streamlessSince > (this.beats.pollAfterMs ?? POLL_AFTER_MS)) await this.poll();
        await this.pause(backOffMs);
        backOffMs = Math.min(2 * backOffMs, LONGEST_BACK_OFF_MS);
      }
    }
  }

  /** What comes is looked at by nobody: its stream's loop asks, and the reconciler compares with its own states alone. */
  private async poll(): Promise<void> {
    await this.call('GET', `/v1/nodes/${this.id}/state`);
  }

  /** One stream to its end, or for as long as the client lets any answer take. */
  private readStream(tell: (status: number) => void): Promise<{ status: number; retryAfterMs: number | undefined }> {
    const url = new URL(`/v1/nodes/${this.id}/events`, this.nextUrl());
    const headers = {
      authorization: `Bearer ${this.identity.node_secret_key}`,
      ...(this.lastId !== '' && { 'last-event-id': this.lastId }),
    };
    return new Promise((resolve, reject) => {
      const asked = request(url, { headers, agent: false, signal: this.stopping.signal });
      let isCut = false;
      const cutOff = async (): Promise<void> => {
        await this.stillness.afterReading();
        isCut = true;
        asked.destroy();
      };
      const cut = setTimeout(() => void cutOff(), this.beats.cutMs);
      asked.on('response', (response) => {
        this.streams += 1;
        const status = response.statusCode ?? 0;
        tell(status);
        const retryAfter = status === 429 ? Number(response.headers['retry-after']) : NaN;
        const answered = { status, retryAfterMs: retryAfter > 0 ? 1_000 * retryAfter : undefined };
        response.on('close', () => {
          if (!response.complete && !isCut && !this.isStopping) this.brokenStreams += 1;
          resolve(answered);
        });
        response.on('error', () => resolve(answered));
        if (status !== 200) return void response.resume();
        this.parse(response);
        this.stillness.reads(response);
      });
      asked.on('error', reject);
      asked.on('close', () => clearTimeout(cut));
      asked.end();
    });
  }

  private parse(response: IncomingMessage): void {
    const events = new StrictEvents();
    response.on('data', (bytes: Buffer) => {
      const read = events.read(bytes);
      if (read !== null) for (const event of read) this.take(event);
      else {
        this.refuse('a line that is too long');
        response.destroy();
      }
    });
  }

  /** The id is moved before anything is looked at. */
  private take({ id, data }: RawEvent): void {
    if (id !== '') {
      if (this.lastId !== '' && Number(id) <= Number(this.lastId)) this.refuse(`id ${id} after ${this.lastId}`);
      this.lastId = id;
    }
    const envelope = readIfAny(data);
    if (envelope === undefined) return this.refuse(`malformed ${id}`);
    try {
      const refusal = refusalOf(envelope, this.keys, this.nonces, new Date());
      if (refusal !== null) return this.refuse(`${refusal}: ${envelope.eventType} ${id}`);
      if (envelope.eventType === 'signing_key_rotated') this.setKeys(readKeyNews(envelope.payload));
      this.accepted.push(envelope);
      this.told.accepted?.(envelope);
    } catch (error) {
      this.die(error);
    }
  }

  private setKeys(keys: SaidKeys): void {
    this.keys = keysOf(keys);
    this.told.trusts?.(this.keys);
  }

  /** As a ticker beats: at its times, whatever an answer took. */
  private async beat(): Promise<void> {
    for (let next = performance.now(); !this.isStopping; next = this.following(next, this.beats.heartbeatMs)) {
      await this.pause(next - performance.now());
      const { status, body } = await this.call('POST', `/v1/nodes/${this.id}/heartbeat`, {});
      if (!isAnswer(status)) continue;
      const { reconcile, rotateKeys } = readBeat(body);
      this.isToRotateKeys = rotateKeys;
      if (!reconcile) continue;
      this.isStateDue = true;
      this.wakeReconciler();
    }
  }

  /** A state that was asked for sets the ticker anew. */
  private async reconcile(): Promise<void> {
    for (let next = performance.now(); !this.isStopping;) {
      await this.takeState();
      next = this.following(next, this.beats.stateMs);
      const woken = new Promise<void>((resolve) => (this.wakeReconciler = resolve));
      if (!this.isStateDue) await Promise.race([this.pause(next - performance.now()), woken]);
      if (this.isStateDue) next = performance.now();
      this.isStateDue = false;
    }
  }

  private async takeState(): Promise<void> {
    const { status, body } = await this.call('GET', `/v1/nodes/${this.id}/state`);
    if (!isAnswer(status)) return;
    const keys = readState(body);
    const drifted = spelled(keys) !== spelled(this.before);
    this.states.push({ keys, drifted });
    if (!drifted) return;
    if (keys !== null) this.setKeys(keys);
    const corrections = [{ type: 'signing_keys_updated', detail: 'signing keys rotated' }];
    await this.call('POST', `/v1/nodes/${this.id}/drift`, { timestamp: new Date().toISOString(), corrections });
    this.before = keys;
  }

  private async call(method: string, path: string, body?: object): Promise<Answer> {
    const { node_secret_key: bearer } = this.identity;
    const { signal } = this.stopping;
    const none: Answer = { status: 0, body: '' };
    await this.stillness.awake();
    const askedAtMs = performance.now();
    const answer = await call(this.nextUrl(), method, path, bearer, body, signal).catch(() => none);
    await this.stillness.awake();
    // However long it stood still: what did not come in time is not taken.
    if (performance.now() - askedAtMs >= PATIENCE_MS) return none;
    const { status } = answer;
    if (isOurFault(status)) this.refuse(`${method} ${path} answered ${status}`);
    return answer;
  }

  private following(last: number, everyMs: number): number {
    return last + everyMs * Math.max(1, Math.ceil((performance.now() - last) / everyMs));
  }

  private nextUrl(): string {
    this.urlIndex = (this.urlIndex + 1) % this.urls.length;
    return this.urls[this.urlIndex]!;
  }

  private refuse(why: string): void {
    this.refusals.push(why);
    this.told.refused?.(why);
  }

  private die(error: unknown): void {
    if (this.isStopping) return;
    this.ended ??= String(error);
    this.told.refused?.(this.ended);
    this.stopping.abort();
    this.wakeReconciler();
  }

  private get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private async pause(ms: number): Promise<void> {
    if (ms > 0) await delay(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

/** It asks for nothing that is wrong: whoever says so is. */
const isOurFault = (status: number): boolean => status >= 400 && status < 500 && !STOPS_AT.has(status);

const isAnswer = (status: number): boolean => status >= 200 && status < 300;

/** Undefined for what is none: a daemon says so in its log, and goes on. */
function readIfAny(data: string): StrictEnvelope | undefined {
  try {
    return readEnvelope(data);
  } catch {
    return undefined;
  }
}

const spelled = (keys: SaidKeys | null): string => (keys === null ? '' : `${keys.current} ${keys.previous ?? ''}`);
