/** The relay and what it has on record of the Node: claims that may be late, publications that may go unmarked. */
import {
  nextForGoNode,
  takeWord,
  toldAfter,
  toldUnknown,
  type GoNode,
  type GoRing,
  type NextForGoNode,
  type StreamMessage,
  type StreamWord,
} from '../../src/go-node';
import { announcedKeys } from '../../src/key-news';
import type { SaidKeys } from './model-daemon';
import type { ModelGoRing } from './model-go-ring';

/** As it stands on the wire. */
export type WireMessage = StreamMessage & { signedBy: string } & (
    { kind: 'key'; keys: SaidKeys } | { kind: 'ready' } | { kind: 'ordinary'; eventId: string }
  );

export interface Row {
  eventId: string;
  position: number | null;
  state: 'unsent' | 'sent' | 'settled';
  issuedAt: Date | null;
}

interface Claim {
  attempt: number;
  deadlineMs: number;
  expected: number;
  next: NextForGoNode;
  position: number;
  row: Row | null;
  helloId: string | null;
  signed: WireMessage | null;
  published: number | null;
}

const CLAIM_MS = 10_000;

/** A `stream_ready` behind news of keys answers nobody: a gateway that awaits an answer may have missed what came before. */
const UNASKED = 'unasked';

type Unnumbered<M> = M extends unknown ? Omit<M, 'sequence' | 'lastSequence'> : never;

export class ModelRelay {
  record: GoNode = {
    ...{
      settledEpoch: 1,
      toldEpoch: 1,
      toldSince: [1],
      settledPosition: 0,
      lastPosition: 0,
      ready: null,
      helloId: null,
    },
    ...{ isHelloUnanswered: false, hasUnsettled: false, waits: true, wordAt: null },
  };
  readyAt: Date | null = null;
  lastSequence = 0;
  rows: Row[] = [];
  claim: Claim | null = null;
  /** Of relays that were too slow: their claim is another's by now. */
  late: Claim[] = [];
  /** What the bus has stored last of this subject. */
  stored = 0;
  private attempt = 0;

  constructor(private readonly ring: ModelGoRing) {}

  get node(): GoNode {
    return { ...this.record, hasUnsettled: this.rows.some(({ state }) => state !== 'settled') };
  }

  backup(): Pick<ModelRelay, 'record' | 'readyAt' | 'lastSequence' | 'rows'> {
    const { record, readyAt, lastSequence, rows } = this;
    return { record, readyAt, lastSequence, rows: rows.map((row) => ({ ...row })) };
  }

  /** Whoever has a claim does not find it there any more. */
  restore(backup: ReturnType<ModelRelay['backup']>): void {
    this.abandonClaim();
    Object.assign(this, backup);
  }

  publishEvent(eventId: string): void {
    this.rows.push({ eventId, position: null, state: 'unsent', issuedAt: null });
  }

  /** Of the oldest up to there that is not settled; null where none stands there. */
  issuedAt(position: number): Date | null {
    const { ready, settledPosition } = this.record;
    const sent = this.rows.filter(({ state }) => state === 'sent');
    const upTo = [...sent, { position: ready?.position ?? null, issuedAt: this.readyAt }].filter(
      (each) => each.position !== null && each.position > settledPosition && each.position <= position,
    );
    if (!upTo.some((each) => each.position === position)) return null;
    return new Date(Math.min(...upTo.map(({ issuedAt }) => issuedAt!.getTime())));
  }

  /** Settled rows, by the word. */
  take(word: StreamWord): Row[] {
    const after = takeWord(this.node, word);
    if (after === undefined) return [];
    this.record = after;
    // Whoever has claimed the Node has lost it.
    this.abandonClaim();
    const settled = this.rows.filter(
      ({ state, position }) => state === 'sent' && position !== null && position <= after.settledPosition,
    );
    for (const row of settled) row.state = 'settled';
    return settled;
  }

  /** Whether there was anything to claim. */
  doClaim(now: Date): boolean {
    const { claim } = this;
    if (claim !== null) {
      if (now.getTime() < claim.deadlineMs) return false;
      this.late.push(claim);
    }
    this.claim = null;
    const { ring } = this.ring;
    const next = nextForGoNode(this.node, ring, now);
    if (next.kind === 'none') return false;
    const row = next.kind === 'ordinary' ? this.nextRow() : null;
    if (next.kind === 'ordinary' && row === null) return false;
    // Also of a row that was claimed before: whoever has read a position has read one signature.
    const position = next.kind === 'announce' ? 0 : this.nextPosition();
    if (row !== null) row.position = position;
    if (next.kind === 'ready' && this.record.isHelloUnanswered) this.unsend();
    this.claim = {
      ...{ attempt: (this.attempt += 1), deadlineMs: now.getTime() + CLAIM_MS },
      ...{
        expected: this.lastSequence,
        next,
        position,
        row,
        helloId: this.record.isHelloUnanswered ? this.record.helloId : UNASKED,
        signed: null,
        published: null,
      },
    };
    return true;
  }

  /** Whoever had it may come with it late. */
  abandonClaim(): void {
    if (this.claim !== null) this.late.push(this.claim);
    this.claim = null;
  }

  /** By the ring as it is: a signer at another epoch signs nothing. */
  sign(claim: Claim | null, now: Date): boolean {
    if (claim === null || claim.signed !== null) return false;
    const { ring } = this.ring;
    const { next, position, row } = claim;
    if (next.kind === 'none' || next.epoch !== ring.trustEpoch || !isLeft(next, ring)) {
      if (claim === this.claim) this.claim = null;
      return true;
    }
    claim.signed = { sequence: 0, lastSequence: 0, ...this.text(next, position, row, claim.helloId, now) };
    return true;
  }

  /** What stands on the stream then; undefined where it is refused. */
  publish(claim: Claim | null): WireMessage | undefined {
    if (claim === null || claim.signed === null || claim.published !== null) return undefined;
    if (this.stored !== claim.expected) {
      if (claim === this.claim) {
        this.lastSequence = this.stored;
        this.claim = null;
        this.record = toldUnknown(this.record);
        this.unsend();
      }
      return undefined;
    }
    const lastSequence = this.stored;
    claim.published = this.stored += 1;
    return { ...claim.signed, sequence: claim.published, lastSequence };
  }

  mark(claim: Claim | null): boolean {
    if (claim === null || claim !== this.claim || claim.published === null || claim.signed === null) return false;
    this.claim = null;
    this.lastSequence = claim.published;
    const { next, position, row, signed } = claim;
    if (next.kind === 'announce') {
      this.record = toldAfter(this.record, next.epoch);
    } else if (next.kind === 'ready') {
      this.record = { ...this.record, ready: { epoch: next.epoch, position }, isHelloUnanswered: false };
      this.readyAt = signed.issuedAt;
    } else if (row !== null && row.state === 'unsent') {
      row.state = 'sent';
      row.issuedAt = signed.issuedAt;
    }
    return true;
  }

  private text(
    next: Exclude<NextForGoNode, { kind: 'none' }>,
    position: number,
    row: Row | null,
    helloId: string | null,
    issuedAt: Date,
  ): Unnumbered<WireMessage> {
    const { keys } = this.ring;
    const { epoch } = next;
    if (next.kind === 'announce') {
      return { kind: 'key', epoch, from: next.from, issuedAt, signedBy: next.keyId, keys: saidKeys(keys) };
    }
    const signedBy = keys.find(({ state }) => state === 'active')!.keyId;
    if (next.kind === 'ready') return { kind: 'ready', epoch, issuedAt, signedBy, position, helloId: helloId ?? '' };
    return { kind: 'ordinary', epoch, issuedAt, signedBy, position, eventId: row!.eventId };
  }

  private nextRow(): Row | null {
    return this.rows.find(({ state }) => state === 'unsent') ?? null;
  }

  private nextPosition(): number {
    const lastPosition = this.record.lastPosition + 1;
    this.record = { ...this.record, lastPosition };
    return lastPosition;
  }

  /** What answers a hello leaves nothing that is not settled as it was sent. */
  private unsend(): void {
    for (const row of this.rows) if (row.state === 'sent') Object.assign(row, { state: 'unsent', issuedAt: null });
  }
}

const isLeft = (next: NextForGoNode, { keys }: GoRing): boolean =>
  next.kind !== 'announce' ||
  keys.some(({ keyId, state }) => keyId === next.keyId && (state === 'active' || state === 'retiring'));

export function saidKeys(keys: ModelGoRing['keys']): SaidKeys {
  const { current, previous, expires } = announcedKeys(keys);
  return { current: current.keyId, previous: previous?.keyId ?? null, untilMs: expires?.getTime() ?? 0 };
}
