/**
 * A Node as the contract tells of it: two keys, no memory of events, three threads that know nothing of each other. The
 * stream's reads one event after the other, and moves its id before it verifies. The reconciler asks for a state, compares
 * it with the one before, and says drift where they differ, once all that is different was worked in.
 */
import type { StateForm } from '../../src/go-node';
import type { WireMessage } from './model-relay';

const STALE_MS = 5 * 60_000;
const ASKS_FOR_MS = 30_000;
/** Longer than this the reconciler does not stand still beside a stream that goes on. */
const STANDS_MS = 290_000;

export interface SaidKeys {
  current: string;
  previous: string | null;
  untilMs: number;
}

export interface StateAnswer {
  /** Of the ring, for the checks alone. */
  epoch: number;
  form: StateForm;
  keys: SaidKeys | null;
  /** Whatever else a state holds. */
  peers: number;
}

/** What a stream's socket holds, in order; `isEnded`: by the gateway. */
export interface Connection {
  streamId: string;
  gateway: number;
  openedAtMs: number;
  process: DaemonProcess;
  unread: WireMessage[];
  isEnded: boolean;
  /** The last id that it presented or was written. */
  written: number | null;
  /** The epoch that was last said to be proven on it. */
  claimed: number;
}

export interface Asked {
  stateId: string;
  gateway: number;
  askedAtMs: number;
  answer: StateAnswer | null;
  /** Since when the answer is in its socket, and until when it is worked in. */
  cameAtMs: number;
  standsUntilMs: number;
}

export interface Drift {
  setsKeys: boolean;
  isSent: boolean;
}

export const askedNow = (stateId: string, gateway: number, askedAtMs: number): Asked => ({
  ...{ stateId, gateway, askedAtMs, answer: null },
  ...{ cameAtMs: Infinity, standsUntilMs: askedAtMs + STANDS_MS },
});

export class DaemonProcess {
  lastId: number | null = null;
  connection: Connection | null = null;
  asked: Asked | null = null;
  /** A state was worked in, and the drift is to be sent. */
  drift: Drift | null = null;
  readonly refusals: string[] = [];
  /** The epoch that its keys are of; and the greatest that was ever proven of it. For the checks alone. */
  heldEpoch: number;
  provenEpoch = 0;
  heldAtMs = 0;
  private snapshot: StateAnswer | null = null;

  constructor(
    private keys: SaidKeys,
    heldEpoch: number,
    private readonly accepted: Set<string>,
    /** How far its clock is ahead. */
    private readonly aheadMs: number,
  ) {
    this.heldEpoch = heldEpoch;
  }

  /** Its disk and its memory on another machine, which knows of no connection. */
  twin(): DaemonProcess {
    const { keys, heldEpoch, accepted, aheadMs, lastId, snapshot, heldAtMs } = this;
    return Object.assign(new DaemonProcess(keys, heldEpoch, accepted, aheadMs), { lastId, snapshot, heldAtMs });
  }

  /** The next event of the socket; whether there was one. */
  read(nowMs: number): boolean {
    const message = this.connection?.unread.shift();
    if (message === undefined) return false;
    if (message.kind !== 'key') this.lastId = message.position;
    const refusal = this.refusalOf(message, nowMs);
    if (refusal !== null) {
      this.refusals.push(`${refusal}: ${message.kind} ${message.epoch} by ${message.signedBy}`);
      return true;
    }
    if (message.kind === 'key') this.setKeys(message.keys, message.epoch, nowMs);
    if (message.kind === 'ordinary') this.accepted.add(message.eventId);
    return true;
  }

  /** From here on it stands still no longer than it would have waited. */
  standsNoMore(): void {
    if (this.asked !== null) this.asked.standsUntilMs = this.asked.askedAtMs + ASKS_FOR_MS;
  }

  /** Works the answer in, if it came in time, however late that is. */
  workIn(nowMs: number): void {
    const { asked } = this;
    if (asked === null || asked.answer === null) return;
    this.asked = null;
    if (asked.cameAtMs - asked.askedAtMs > ASKS_FOR_MS || nowMs > asked.standsUntilMs) return;
    const { answer } = asked;
    const setsKeys = spelled(answer.keys) !== spelled(this.snapshot?.keys ?? null);
    if (!setsKeys && answer.peers === (this.snapshot?.peers ?? 0)) return;
    if (setsKeys && answer.keys !== null) this.setKeys(answer.keys, answer.epoch, nowMs);
    this.drift = { setsKeys, isSent: false };
    this.snapshot = answer;
  }

  verifies(keyId: string, nowMs: number): boolean {
    const { current, previous, untilMs } = this.keys;
    return keyId === current || (keyId === previous && nowMs + this.aheadMs < untilMs);
  }

  private refusalOf({ issuedAt, signedBy }: WireMessage, nowMs: number): string | null {
    if (nowMs + this.aheadMs - issuedAt.getTime() > STALE_MS) return 'stale';
    return this.verifies(signedBy, nowMs) ? null : 'signature';
  }

  private setKeys(keys: SaidKeys, epoch: number, nowMs: number): void {
    this.keys = keys;
    this.heldAtMs = nowMs;
    this.heldEpoch = epoch;
    if (epoch < this.provenEpoch)
      throw new Error(`the Node was set back to ${epoch}, and ${this.provenEpoch} is settled`);
  }
}

const spelled = (keys: SaidKeys | null): string => (keys === null ? 'none' : `${keys.current} ${keys.previous}`);
