/**
 * Has ordinary events signed, many in one request: whatever is wanted of one scope and epoch at once, for whichever Nodes.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Bus } from '@plexsphere/service-kit';
import { BATCH_BYTES, Problem, SIGNING_DURATION_MS, subjects, type ProblemName, type Scope } from '@plexsphere/wire';
import type {
  BatchedEnvelope,
  EnvelopeReply,
  SignBatch,
  SignBatchReply,
  SignEnvelope,
} from '@plexsphere/wire/commands';
import type { OrdinaryEvent } from '../claim/claimed-node';

/**
 * Of one request: most of what a larger one would spare is spared, and a signer is done with it in some 12 ms, so that
 * several relays, and scopes, take turns quickly.
 */
const MOST_AT_ONCE = 256;
/** What stands around the envelopes of a request is far less than this. */
const MOST_BYTES = BATCH_BYTES - 1_024;
/** Requests of one scope that are under way. More would wait at the signers for longer than an answer is waited for. */
const MOST_UNDER_WAY = 4;
/** Where a request of many finds no answer and those of one do (an earlier version signs, or made this relay's credential). */
const ALONE_FOR_MS = 60_000;

type SignedEvent = Pick<OrdinaryEvent, 'eventId' | 'eventType' | 'payload'>;

interface Waiting {
  envelope: BatchedEnvelope;
  bytes: number;
  resolve(envelope: string): void;
  reject(error: unknown): void;
}

interface Line {
  scope: Scope;
  epoch: number;
  waiting: Waiting[];
  underWay: number;
}

@Injectable()
export class EnvelopeSigner {
  /** By scope and epoch; a scope whose signers are slow holds up no other. */
  private readonly lines = new Map<string, Line>();
  private aloneUntil = 0;

  constructor(private readonly bus: Bus) {}

  /** @throws Problem `epochMismatch` where the ring has moved, or the signer's has not yet; UNAVAILABLE, no answer. */
  sign(scope: Scope, epoch: number, { eventId, eventType, payload }: SignedEvent): Promise<string> {
    const envelope = { event_type: eventType, event_id: eventId, payload, nonce: randomUUID() };
    return new Promise((resolve, reject) => {
      const line = this.lineOf(scope, epoch);
      line.waiting.push({ envelope, bytes: Buffer.byteLength(JSON.stringify(envelope)) + 1, resolve, reject });
      // When all of a claim have come.
      if (line.waiting.length === 1) setImmediate(() => this.askForNext(line));
    });
  }

  private lineOf(scope: Scope, epoch: number): Line {
    const key = `${scope} ${epoch}`;
    const present = this.lines.get(key);
    if (present !== undefined) return present;
    const line: Line = { scope, epoch, waiting: [], underWay: 0 };
    this.lines.set(key, line);
    return line;
  }

  private askForNext(line: Line): void {
    while (line.underWay < MOST_UNDER_WAY && line.waiting.length > 0) {
      line.underWay++;
      void this.ask(line, line.waiting.splice(0, countOfRequest(line.waiting))).then(() => {
        line.underWay--;
        this.askForNext(line);
      });
    }
    if (line.underWay === 0 && line.waiting.length === 0) this.lines.delete(`${line.scope} ${line.epoch}`);
  }

  /** Never rejects. */
  private async ask(line: Line, batch: readonly Waiting[]): Promise<void> {
    if (batch.length === 1 || performance.now() < this.aloneUntil) return this.askForEach(line, batch);
    try {
      const envelopes = await this.askForAll(line, batch);
      for (const [i, { resolve }] of batch.entries()) resolve(envelopes[i] as string);
    } catch (error) {
      if (isOfOne(error)) return this.askForEach(line, batch);
      if (is(error, 'noSigner')) return this.askForOneFirst(line, batch);
      if (is(error, 'noAnswer')) this.goOnAlone();
      for (const { reject } of batch) reject(error);
    }
  }

  private async askForAll({ scope, epoch }: Line, batch: readonly Waiting[]): Promise<readonly string[]> {
    const envelopes = batch.map(({ envelope }) => envelope);
    const request: Untimed<SignBatch> = { scope, epoch, issued_at: new Date().toISOString(), envelopes };
    const isAnswer = (reply: Partial<SignBatchReply>) => isOneEach(reply.envelopes, batch.length);
    const subject = subjects.scopeSigner(scope, 'sign-batch');
    return (await this.bus.askSigner<SignBatchReply>(subject, request, SIGNING_DURATION_MS, isAnswer)).envelopes;
  }

  /** There is none, or the bus does not let this relay ask for many: one alone shows which, and no signer is about all. */
  private async askForOneFirst(line: Line, [first, ...others]: readonly Waiting[]): Promise<void> {
    const error = await this.askForOne(line, first as Waiting);
    if (error !== undefined && !isOfOne(error)) {
      for (const { reject } of others) reject(error);
      return;
    }
    this.goOnAlone();
    await this.askForEach(line, others);
  }

  private async askForEach(line: Line, batch: readonly Waiting[]): Promise<void> {
    await Promise.all(batch.map((each) => this.askForOne(line, each)));
  }

  /** Resolves to why it was not signed. */
  private async askForOne({ scope, epoch }: Line, { envelope, resolve, reject }: Waiting): Promise<unknown> {
    const request: Untimed<SignEnvelope> = { scope, epoch, issued_at: new Date().toISOString(), ...envelope };
    const subject = subjects.scopeSigner(scope, 'sign-envelope');
    const isAnswer = (reply: Partial<EnvelopeReply>) => typeof reply.envelope === 'string';
    try {
      resolve((await this.bus.askSigner<EnvelopeReply>(subject, request, SIGNING_DURATION_MS, isAnswer)).envelope);
      return undefined;
    } catch (error) {
      reject(error);
      return error;
    }
  }

  private goOnAlone(): void {
    this.aloneUntil = performance.now() + ALONE_FOR_MS;
  }
}

type Untimed<Request> = Omit<Request, 'duration_ms'>;

/** How many of those that wait go into one request; one goes however large it is. */
function countOfRequest(waiting: readonly Waiting[]): number {
  let bytes = 0;
  const end = waiting.slice(0, MOST_AT_ONCE).findIndex((each, i) => (bytes += each.bytes) > MOST_BYTES && i > 0);
  return end < 0 ? MOST_AT_ONCE : end;
}

const is = (error: unknown, name: ProblemName): boolean => error instanceof Problem && error.is(name);

/** It may be about one of them, which must not keep the others unsigned. A ring that has moved is about all, as is no signer. */
const isOfOne = (error: unknown): boolean =>
  error instanceof Problem &&
  (error.code === 'INVALID_ARGUMENT' || error.code === 'INTERNAL' || error.is('replyTooLarge'));

const isOneEach = (texts: unknown, count: number): boolean =>
  Array.isArray(texts) && texts.length === count && texts.every((text) => typeof text === 'string');
