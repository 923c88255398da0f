/** The whole: a ring, a Node, two gateways, a relay. Nothing happens but what is asked for. */
import type { SeededRandom } from '@plexsphere/testkit';
import { WAITS_MS, stateKeys, type NodeRow, type PresentedId, type StreamWord } from '../../src/go-node';
import { Checks } from './checks';
import { DaemonProcess, askedNow, type Connection } from './model-daemon';
import { ModelGateway, type Heard, type Outside } from './model-gateway';
import { ModelGoRing, type RingOrder } from './model-go-ring';
import { ModelRelay, saidKeys, type WireMessage } from './model-relay';

export class GoMesh implements Outside {
  nowMs = 1_000_000;
  readonly ring = new ModelGoRing();
  readonly relay = new ModelRelay(this.ring);
  readonly gateways: readonly ModelGateway[];
  readonly checks = new Checks();
  readonly trace: string[] = [];
  /** Words on their way: in any order, and some are lost. */
  readonly words: StreamWord[] = [];
  wordsSaid = 0;
  /** Connections that the Node has left, and its gateway has not noticed. */
  readonly left: Connection[] = [];
  process: DaemonProcess;
  private readonly processes: DaemonProcess[] = [];
  /** Another that says that it is this Node. */
  twin: DaemonProcess | null = null;
  overlapMs: number;
  peers = 0;
  patienceMs: () => number;
  readonly aheadMs: number;
  private names = 0;
  private readonly registrationKey = saidKeys(this.ring.keys);

  constructor(random: SeededRandom) {
    this.overlapMs = random.pick([2, 10, 60]) * 60_000;
    this.aheadMs = random.pick([-30_000, 0, 30_000]);
    this.patienceMs = () => random.integer(WAITS_MS.least, WAITS_MS.most);
    this.gateways = [0, 1].map((index) => new ModelGateway(index, this));
    this.process = this.newProcess();
  }

  note(text: string): void {
    this.trace.push(`${((this.nowMs - 1_000_000) / 1_000).toFixed(1)} ${text}`);
  }

  now(): number {
    return this.nowMs;
  }

  get date(): Date {
    return new Date(this.nowMs);
  }

  wait(ms: number): void {
    this.nowMs += ms;
  }

  order(order: RingOrder): boolean {
    if (!this.ring.order(order, this.date, this.overlapMs)) return false;
    this.note(`${order} → ${this.ring.story.ring.epoch}, trust ${this.ring.ring.trustEpoch}`);
    for (const gateway of this.gateways) gateway.inbox.push({ kind: 'ringChanged' });
    return true;
  }

  publishEvent(): void {
    const eventId = `e${(this.names += 1)}`;
    this.note(`publish ${eventId}`);
    this.relay.publishEvent(eventId);
  }

  // The Node

  restartNode(): void {
    this.note('Node restarts');
    this.cutStream();
    this.process = this.newProcess();
  }

  /** From here on there are two that take turns. */
  cloneNode(): void {
    if (this.checks.wasCloned) return;
    this.note('there are two of the Node');
    this.checks.wasCloned = true;
    this.twin = this.process.twin();
  }

  swapTwins(): void {
    if (this.twin === null) return;
    this.note('the other one of the Node');
    [this.process, this.twin] = [this.twin, this.process];
  }

  /**
   * The one that stays begins anew, as whoever finds two of a Node is told to have it: their words crossed in one record, and
   * that may say of this one what the other held.
   */
  endTwin(): void {
    if (this.twin === null) return;
    this.note('there is one of the Node');
    this.restartNode();
    const { connection } = this.twin;
    if (connection !== null) this.left.push(connection);
    this.twin.connection = this.twin.drift = null;
    this.twin = null;
  }

  openStream(gateway: number): void {
    const { process } = this;
    if (process.connection !== null) return;
    const streamId = `s${(this.names += 1)}`;
    this.note(`Node opens ${streamId} at ${gateway} with ${process.lastId ?? 'no id'}`);
    const openedAtMs = this.nowMs;
    process.connection = {
      streamId,
      gateway,
      openedAtMs,
      process,
      unread: [],
      isEnded: false,
      written: process.lastId,
      claimed: 0,
    };
    const presented = process.lastId === null ? null : { id: process.lastId, issuedAt: null };
    this.gateways[gateway]!.accept(process.connection, presented);
  }

  cutStream(): void {
    const { connection } = this.process;
    if (connection === null) return;
    this.note(`Node cuts ${connection.streamId} with ${connection.unread.length} unread`);
    this.process.connection = null;
    this.left.push(connection);
  }

  read(): boolean {
    const { process } = this;
    const next = process.connection?.unread[0];
    const refusals = process.refusals.length;
    if (next === undefined) {
      if (process.connection?.isEnded !== true) return false;
      this.note(`Node sees the end of ${process.connection.streamId}`);
      process.connection = null;
      return true;
    }
    process.read(this.nowMs);
    this.checks.holds(process.heldEpoch);
    this.note(`Node reads ${told(next)}${process.refusals.length > refusals ? ` — ${process.refusals.at(-1)}` : ''}`);
    return true;
  }

  /** As its client does it, 30 s after it asked. */
  cutOldStream(): void {
    const { connection } = this.process;
    if (connection !== null && this.nowMs - connection.openedAtMs >= 30_000) this.cutStream();
  }

  noticeLeft(): boolean {
    const connection = this.left.shift();
    if (connection !== undefined) this.gateways[connection.gateway]!.notice(connection);
    return connection !== undefined;
  }

  restartGateway(index: number): void {
    this.note(`gateway ${index} restarts`);
    this.gateways[index]!.restart();
    this.process.standsNoMore();
    const { asked } = this.process;
    if (asked?.gateway === index && asked.answer === null) this.process.asked = null;
    if (this.process.drift?.isSent === true) this.process.drift = null;
  }

  loseBus(index: number): void {
    this.note(`gateway ${index} loses the bus`);
    this.gateways[index]!.loseBus();
    this.process.standsNoMore();
    if (this.process.drift?.isSent === true) this.process.drift = null;
  }

  /** Nobody says so: a hole shows it. */
  loseMessage(index: number): void {
    const { inbox } = this.gateways[index]!;
    const at = inbox.findIndex(({ kind }) => kind === 'message');
    if (at < 0) return;
    this.note(`the bus loses a message to ${index}`);
    inbox.splice(at, 1);
  }

  askState(gateway: number): void {
    const { process } = this;
    if (process.asked !== null || process.drift !== null) return;
    const stateId = `q${(this.names += 1)}`;
    this.note(`Node asks ${gateway} for state ${stateId}`);
    process.asked = askedNow(stateId, gateway, this.nowMs);
    this.gateways[gateway]!.begin(stateId);
  }

  answerState(): boolean {
    const { asked } = this.process;
    if (asked === null || asked.answer !== null) return false;
    const gateway = this.gateways[asked.gateway]!;
    const held = this.ring.ring.keys.filter((key) => key.verifiesUntil === null || this.date < key.verifiesUntil);
    const form = gateway.formOf(this.relay.node.waits, held.length);
    const epoch = this.ring.ring.trustEpoch;
    this.nowMs += 1;
    const said = stateKeys(this.ring.keys, form, this.date);
    const keys = said && {
      current: said.current.keyId,
      previous: said.previous?.keyId ?? null,
      untilMs: said.expires?.getTime() ?? 0,
    };
    gateway.answer(asked.stateId, { epoch, form, keys: JSON.stringify(keys), readAt: this.instant });
    asked.answer = { epoch, form, keys, peers: this.peers };
    asked.cameAtMs = this.nowMs;
    this.note(`${asked.gateway} answers ${asked.stateId}: ${epoch} ${form}`);
    return true;
  }

  /** Delivered once more, behind itself. */
  repeatMessage(index: number): void {
    const { inbox } = this.gateways[index]!;
    const at = inbox.findIndex(({ kind }) => kind === 'message');
    if (at < 0) return;
    this.note(`the bus says a message to ${index} twice`);
    inbox.splice(at, 0, inbox[at]!);
  }

  loseState(): void {
    const { asked } = this.process;
    if (asked === null) return;
    this.note(`${asked.stateId} is lost`);
    this.process.asked = null;
  }

  workIn(): boolean {
    const { asked } = this.process;
    if (asked === null || asked.answer === null) return false;
    this.process.workIn(this.nowMs);
    this.checks.holds(this.process.heldEpoch);
    this.note(`Node works ${asked.stateId} in${this.process.drift === null ? '' : ', drift'}`);
    return true;
  }

  sayDrift(gateway: number): boolean {
    const { process } = this;
    const { drift } = process;
    if (drift === null || drift.isSent) return false;
    drift.isSent = true;
    this.note(`drift to ${gateway}`);
    this.gateways[gateway]!.inbox.push({ kind: 'driftCall', process, drift, cameAtMs: this.nowMs });
    return true;
  }

  /** The Node waits for its answer no more, or never asked. */
  loseDrift(): void {
    if (this.process.drift === null) return;
    this.note('the drift is lost');
    this.process.drift = null;
  }

  // The bus, the relay

  hear(index: number): boolean {
    const heard = this.gateways[index]!.inbox.shift();
    if (heard === undefined) return false;
    this.gateways[index]!.hear(heard);
    return true;
  }

  takeWord(index: number): boolean {
    const [word] = this.words.splice(index, 1);
    if (word === undefined) return false;
    const before = this.relay.node;
    const settled = this.relay.take(word);
    this.note(`relay takes ${JSON.stringify(word)}`);
    this.checks.taken(word, before, this.relay.node, settled);
    return true;
  }

  publish(claim: Parameters<ModelRelay['publish']>[0]): boolean {
    const message = this.relay.publish(claim);
    if (message === undefined) return false;
    this.note(`published ${told(message)}`);
    for (const gateway of this.gateways) {
      const streams = [...gateway.streams.keys()];
      if (streams.length > 0) gateway.inbox.push({ kind: 'message', message, streams });
    }
    return true;
  }

  /** Whether the Node holds the ring as it is, everything is settled, and the record says so. */
  get isSettled(): boolean {
    const { node } = this.relay;
    const { keys, ring } = this.ring;
    const active = keys.find(({ state }) => state === 'active')!;
    const isHeld = this.process.heldEpoch === ring.trustEpoch && this.process.verifies(active.keyId, this.nowMs);
    const isQuiet = !node.hasUnsettled && !node.isHelloUnanswered && !node.waits;
    return isHeld && isQuiet && node.settledEpoch === ring.trustEpoch;
  }

  private newProcess(): DaemonProcess {
    const process = new DaemonProcess(this.registrationKey, 1, this.checks.accepted, this.aheadMs);
    this.processes.push(process);
    return process;
  }

  get instant(): string {
    return String(this.nowMs).padStart(15, '0');
  }

  row(id: number | null): { row: NodeRow; presented: PresentedId | null } {
    // No two reads at one time: the database's clock moves on.
    this.nowMs += 1;
    const { relay } = this;
    const row = { node: relay.node, ring: this.ring.ring, readAt: this.instant, lastSequence: relay.lastSequence };
    return { row, presented: id === null ? null : { id, issuedAt: relay.issuedAt(id) } };
  }

  tell(from: number, heard: Heard): void {
    this.gateways.forEach((gateway) => gateway.index !== from && gateway.inbox.push(heard));
  }

  say(word: StreamWord, connection: Connection): void {
    this.note(`${connection.streamId} says ${JSON.stringify(word)}`);
    this.words.push(word);
    this.wordsSaid += 1;
    this.checks.said(word, connection, this.processes.slice(this.processes.indexOf(connection.process)));
  }

  write(message: WireMessage, connection: Connection, knownMs: number): void {
    if (connection.process.connection !== connection) return;
    this.checks.written(message, connection, knownMs);
    this.note(`${connection.streamId} ← ${told(message)}`);
    connection.unread.push(message);
  }
}

const told = (message: WireMessage): string =>
  message.kind === 'key'
    ? `key ${message.from}→${message.epoch} by ${message.signedBy}`
    : `${message.kind} ${message.position} at ${message.epoch}${message.kind === 'ready' ? ` for ${message.helloId}` : ` ${message.eventId}`}`;
