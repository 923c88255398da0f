/**
 * A second client, written from the contract alone: two keys and no memory of events. Three loops that know nothing of each
 * other: the stream, which is asked for again at once whenever it ends; the heartbeat; the state, compared with the one
 * before. It takes nothing that it cannot verify, dies of a key that is none, and stops where it is told that it is unknown.
 */
import { randomBytes } from 'node:crypto';
import { request, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { rawKey, readEnvelope, refusalOf, type StrictEnvelope, type StrictKeys } from './strict-envelope';

/** How often it does what it does. A daemon's are 30 s, 30 s and 60 s. */
export interface Beats {
  cutMs: number;
  heartbeatMs: number;
  stateMs: number;
}

export interface Identity {
  node_id: string;
  node_secret_key: string;
  signing_public_key: string;
}

interface SaidKeys {
  current?: string;
  previous?: string;
  transition_expires?: string;
}

const BEATS: Beats = { cutMs: 30_000, heartbeatMs: 30_000, stateMs: 60_000 };
const LONGEST_LINE = 65_535;
const STOPS_AT = new Set([401, 403, 404]);

export class StrictNode {
  readonly accepted: StrictEnvelope[] = [];
  readonly refusals: string[] = [];
  readonly states: { keys: SaidKeys | null; drifted: boolean }[] = [];
  /** What ended it: a status, or a key that was none. */
  ended: string | undefined;
  streams = 0;
  lastId = '';
  /** After how many characters of news of keys its stream is cut off, once each. */
  readonly newsCuts: number[] = [];
  private keys: StrictKeys;
  private before: SaidKeys | null = null;
  private nonces = new Set<string>();
  private readonly stopping = new AbortController();
  private readonly loops: Promise<void>[] = [];
  private wakeReconciler: () => void = () => undefined;

  constructor(
    /** Of each of the gateways; each call goes to the next one. */
    private readonly urls: readonly string[],
    readonly identity: Identity,
    readonly beats: Beats = BEATS,
  ) {
    rawKey(identity.signing_public_key);
    this.keys = { current: identity.signing_public_key, previous: null, until: null };
  }

  static async register(url: string, token: string, hostname: string): Promise<Identity> {
    const publicKey = randomBytes(32).toString('base64');
    const { status, body } = await call(url, 'POST', '/v1/register', token, { token, hostname, public_key: publicKey });
    if (status !== 200 && status !== 201) throw new Error(`registration answered ${status}: ${body}`);
    return JSON.parse(body) as Identity;
  }

  get id(): string {
    return this.identity.node_id;
  }

  start(): this {
    const run = (loop: () => Promise<void>): Promise<void> =>
      loop().catch((error: unknown) => {
        if (this.stopping.signal.aborted) return;
        this.ended ??= String(error);
        this.stopping.abort();
      });
    this.loops.push(
      run(() => this.readStreams()),
      run(() => this.beat()),
      run(() => this.reconcile()),
    );
    return this;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.wakeReconciler();
    await Promise.all(this.loops);
  }

  has(eventId: string): boolean {
    return this.accepted.some((event) => event.eventId === eventId);
  }

  trusts(publicKey: string): boolean {
    return this.keys.current === publicKey;
  }

  private async readStreams(): Promise<void> {
    let backOffMs = 1_000;
    while (!this.isStopping) {
      const status = await this.readStream().catch(() => 0);
      if (STOPS_AT.has(status)) throw new Error(`stream answered ${status}`);
      if (status === 200) backOffMs = 1_000;
      else await this.pause((backOffMs = Math.min(2 * backOffMs, 8_000)) / 2);
    }
  }

  /** One stream to its end, or for as long as the client lets any answer take. */
  private readStream(): Promise<number> {
    const url = new URL(`/v1/nodes/${this.id}/events`, this.nextUrl());
    const headers = {
      authorization: `Bearer ${this.identity.node_secret_key}`,
      ...(this.lastId !== '' && { 'last-event-id': this.lastId }),
    };
    return new Promise((resolve, reject) => {
      const asked = request(url, { headers, agent: false, signal: this.stopping.signal });
      const cut = setTimeout(() => asked.destroy(), this.beats.cutMs);
      asked.on('response', (response) => {
        this.streams += 1;
        const status = response.statusCode ?? 0;
        response.on('close', () => resolve(status));
        response.on('error', () => resolve(status));
        if (status === 200) this.parse(response);
        else response.resume();
      });
      asked.on('error', reject);
      asked.on('close', () => clearTimeout(cut));
      asked.end();
    });
  }

  private parse(response: IncomingMessage): void {
    let rest = '';
    let event = { id: '', data: '' };
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      if (this.isCutAt(rest + chunk)) return void response.destroy();
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      for (const line of [...lines, ...(rest.length > LONGEST_LINE ? [rest] : [])]) {
        if (line.length > LONGEST_LINE) return void response.destroy();
        if (line === '') {
          if (event.data !== '') this.take(event);
          event = { id: '', data: '' };
          continue;
        }
        const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line)!;
        if (field === 'id') event.id = value!;
        else if (field === 'data') event.data += value;
      }
    });
  }

  /** What was read of the last event until there: nothing, for it is not whole. */
  private isCutAt(text: string): boolean {
    const news = text.indexOf('event: signing_key_rotated');
    const [at] = this.newsCuts;
    if (news < 0 || at === undefined || text.length - news < at) return false;
    this.newsCuts.shift();
    return true;
  }

  /** The id is moved before anything is looked at. */
  private take({ id, data }: { id: string; data: string }): void {
    if (id !== '') {
      if (this.lastId !== '' && Number(id) <= Number(this.lastId)) this.refusals.push(`id ${id} after ${this.lastId}`);
      this.lastId = id;
    }
    try {
      const envelope = readEnvelope(data);
      const refusal = refusalOf(envelope, this.keys, this.nonces, new Date());
      if (refusal !== null) return void this.refusals.push(`${refusal}: ${envelope.eventType} ${id}`);
      if (envelope.eventType === 'signing_key_rotated') this.setKeys(JSON.parse(envelope.payload) as SaidKeys);
      this.accepted.push(envelope);
    } catch (error) {
      this.ended ??= String(error);
      this.stopping.abort();
    }
  }

  private setKeys({ current, previous, transition_expires }: SaidKeys): void {
    rawKey(current);
    if (previous !== undefined) rawKey(previous);
    const until = transition_expires === undefined ? null : new Date(transition_expires);
    this.keys = { current: current!, previous: previous ?? null, until };
  }

  private async beat(): Promise<void> {
    while (!this.isStopping) {
      const { status, body } = await this.call('POST', `/v1/nodes/${this.id}/heartbeat`, {});
      if (status === 200 && (JSON.parse(body) as { reconcile: boolean }).reconcile) this.wakeReconciler();
      await this.pause(this.beats.heartbeatMs);
    }
  }

  private async reconcile(): Promise<void> {
    while (!this.isStopping) {
      await this.takeState();
      const woken = new Promise<void>((resolve) => (this.wakeReconciler = resolve));
      await Promise.race([this.pause(this.beats.stateMs), woken]);
    }
  }

  private async takeState(): Promise<void> {
    const { status, body } = await this.call('GET', `/v1/nodes/${this.id}/state`);
    if (status !== 200) return;
    const keys = (JSON.parse(body) as { signing_keys?: SaidKeys }).signing_keys ?? null;
    const drifted = spelled(keys) !== spelled(this.before);
    this.states.push({ keys, drifted });
    if (!drifted) return;
    if (keys !== null) this.setKeys(keys);
    this.before = keys;
    const corrections = [{ type: 'signing_keys_updated', detail: 'signing keys rotated' }];
    await this.call('POST', `/v1/nodes/${this.id}/drift`, { timestamp: new Date().toISOString(), corrections });
  }

  private call(method: string, path: string, body?: object): Promise<Answer> {
    return call(this.nextUrl(), method, path, this.identity.node_secret_key, body).catch(() => ({
      status: 0,
      body: '',
    }));
  }

  private nextUrl(): string {
    this.urlIndex = (this.urlIndex + 1) % this.urls.length;
    return this.urls[this.urlIndex]!;
  }
  private urlIndex = 0;

  private get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

const spelled = (keys: SaidKeys | null): string => (keys === null ? '' : `${keys.current} ${keys.previous}`);

interface Answer {
  status: number;
  body: string;
}

async function call(url: string, method: string, path: string, bearer: string, body?: object): Promise<Answer> {
  const response = await fetch(new URL(path, url), {
    method,
    headers: { authorization: `Bearer ${bearer}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  return { status: response.status, body: await response.text() };
}
