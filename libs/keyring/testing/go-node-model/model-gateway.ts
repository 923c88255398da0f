/** One gateway: what it has heard, in the order in which it hears it, and the streams that it keeps. */
import {
  afterGap,
  beginStream,
  driftingState,
  nextForm,
  onDrift,
  onGap,
  onMessage,
  onRing,
  onRow,
  onTime,
  withNews,
  type BegunState,
  type Hearing,
  type NodeRow,
  type PresentedId,
  type StateAnswer,
  type StateForm,
  type StateNews,
  type StreamLife,
  type StreamWord,
  type Turn,
} from '../../src/go-node';
import type { Connection, DaemonProcess, Drift } from './model-daemon';
import type { WireMessage } from './model-relay';

export type Heard =
  | { kind: 'message'; message: WireMessage; streams: readonly string[] }
  | { kind: 'news'; news: StateNews }
  | { kind: 'drift'; stateId: string; setsKeys: boolean }
  /** The Node's own call, behind all that was told before it; nothing where the Node waits for its answer no more. */
  | { kind: 'driftCall'; process: DaemonProcess; drift: Drift; cameAtMs: number }
  | { kind: 'ringChanged' }
  /** What it asked the bus for comes behind all that was told before. */
  | { kind: 'caughtUp'; askedAtMs: number };

interface Open {
  connection: Connection;
  presented: PresentedId | null;
  /** null until its row was read; what comes before is kept. */
  life: StreamLife<WireMessage> | null;
  early: WireMessage[];
  looks: number;
}

export interface Outside {
  now: () => number;
  row: (presented: number | null) => { row: NodeRow; presented: PresentedId | null };
  say: (word: StreamWord, connection: Connection) => void;
  /** `knownMs`: until when the gateway knows what the Node was given. */
  write: (message: WireMessage, connection: Connection, knownMs: number) => void;
  tell: (from: number, heard: Heard) => void;
  patienceMs: () => number;
}

export class ModelGateway {
  readonly inbox: Heard[] = [];
  readonly streams = new Map<string, Open>();
  states: BegunState[] = [];
  hearsSinceMs: number;
  heardUntilMs = 0;

  constructor(
    readonly index: number,
    private readonly outside: Outside,
  ) {
    this.hearsSinceMs = outside.now();
  }

  restart(): void {
    for (const { connection } of this.streams.values()) connection.isEnded = true;
    this.streams.clear();
    this.inbox.length = 0;
    this.states = [];
    this.hearsSinceMs = this.outside.now();
  }

  /** The bus was away: what was told meanwhile is lost. */
  loseBus(): void {
    this.inbox.length = 0;
    this.hearsSinceMs = this.heardUntilMs = this.outside.now();
    this.states = afterGap(this.states);
    for (const open of this.streams.values()) if (open.life !== null) this.take(open, onGap(open.life, this.date));
  }

  /** Authenticated, and the Node's subject is heard; the row comes later. */
  accept(connection: Connection, presented: PresentedId | null): void {
    this.streams.set(connection.streamId, { connection, presented, life: null, early: [], looks: 0 });
  }

  get busy(): Open[] {
    return [...this.streams.values()].filter(({ life, looks }) => life === null || looks > 0);
  }

  /** A row that was asked for is read now. */
  readRow(open: Open): void {
    const { row, presented } = this.outside.row(open.life === null ? (open.presented?.id ?? null) : null);
    if (open.life === null) {
      const stream = { id: open.connection.streamId, patienceMs: this.outside.patienceMs() };
      this.take(open, beginStream<WireMessage>(stream, presented, row, this.date));
      for (const message of open.early)
        if (open.life !== null) this.take(open, onMessage(open.life, message, this.hearing));
      return;
    }
    open.looks -= 1;
    this.take(open, onRow(open.life, row, this.date));
  }

  hear(heard: Heard): void {
    if (heard.kind === 'driftCall') {
      const { process, drift, cameAtMs } = heard;
      const state = driftingState(this.states, cameAtMs);
      if (process.drift !== drift) return;
      process.drift = null;
      if (state !== undefined) this.tell({ kind: 'drift', stateId: state.id, setsKeys: drift.setsKeys });
      return;
    }
    if (heard.kind === 'drift') return this.drift(heard);
    if (heard.kind === 'caughtUp') this.heardUntilMs = Math.max(this.heardUntilMs, heard.askedAtMs);
    if (heard.kind === 'news') this.states = withNews(this.states, heard.news, this.outside.now());
    for (const [id, open] of this.streams) {
      if (heard.kind === 'message' && heard.streams.includes(id)) {
        if (open.life === null) open.early.push(heard.message);
        else this.take(open, onMessage(open.life, heard.message, this.hearing));
      } else if (open.life !== null) {
        if (heard.kind === 'ringChanged')
          this.take(open, onRing(open.life, this.outside.row(null).row.ring, this.date));
        else if (heard.kind === 'news' || heard.kind === 'caughtUp') this.take(open, onTime(open.life, this.hearing));
      }
    }
  }

  tick(): void {
    for (const open of [...this.streams.values()]) {
      if (open.life !== null) this.take(open, onTime(open.life, this.hearing));
    }
  }

  notice(connection: Connection): void {
    this.streams.delete(connection.streamId);
  }

  /** Told to the others before the row is read. */
  begin(stateId: string): void {
    this.tell({ kind: 'news', news: { what: 'begun', stateId } });
  }

  formOf(waits: boolean, trusted: number): StateForm {
    const isWaiting = waits || [...this.streams.values()].some(({ life }) => life?.mode === 'waits');
    const before = this.states.findLast(({ answer }) => answer !== null)?.answer?.form;
    return nextForm(isWaiting, trusted, before);
  }

  answer(stateId: string, answer: StateAnswer): void {
    this.tell({ kind: 'news', news: { what: 'answered', stateId, ...answer } });
  }

  tell(heard: Heard): void {
    this.outside.tell(this.index, heard);
    this.hear(heard);
  }

  private drift(drift: { stateId: string; setsKeys: boolean }): void {
    for (const open of this.streams.values()) {
      if (open.life !== null) this.take(open, onDrift(open.life, drift, this.hearing));
    }
    this.states = withNews(this.states, { what: 'drift', stateId: drift.stateId }, this.outside.now());
    this.tick();
  }

  private take(open: Open, { stream, deeds }: Turn<WireMessage>): void {
    // News are written by a turn only where they were held before it; what comes behind them may be held since.
    const knownMs = open.life?.heldSinceMs ?? 0;
    open.life = stream;
    for (const deed of deeds) {
      if (deed.kind === 'write') this.outside.write(deed.message, open.connection, knownMs);
      else if (deed.kind === 'say') this.outside.say(deed.word, open.connection);
      else if (deed.kind === 'look') open.looks += 1;
      else if (deed.kind === 'catchUp') this.inbox.push({ kind: 'caughtUp', askedAtMs: this.outside.now() });
      else {
        open.connection.isEnded = true;
        this.streams.delete(open.connection.streamId);
      }
    }
  }

  private get date(): Date {
    return new Date(this.outside.now());
  }

  private get hearing(): Hearing {
    const { states, hearsSinceMs, heardUntilMs } = this;
    return { states, hearsSinceMs, heardUntilMs, now: this.date };
  }
}
