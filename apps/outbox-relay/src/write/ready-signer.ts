/**
 * Has signed what answers hellos, `stream_ready` (ADR 0009): a signature a Node, many Nodes a request, since after an
 * outage all say hello at once.
 */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Bus } from '@plexsphere/service-kit';
import { SIGNING_DURATION_MS, subjects, type Scope } from '@plexsphere/wire';
import { READIES_PER_REQUEST, type ReadyFields, type SignReady, type SignReadyReply } from '@plexsphere/wire/commands';

/** Long enough to gather what a claim brings, short enough that no Node notices. */
const GATHER_MS = 3;

interface Waiting {
  ready: ReadyFields;
  resolve(envelope: string): void;
  reject(error: unknown): void;
}

@Injectable()
export class ReadySigner {
  /** By scope and epoch; a scope whose signers are slow holds up no other. */
  private readonly gathering = new Map<string, Waiting[]>();

  constructor(private readonly bus: Bus) {}

  /** @throws Problem `epochMismatch` where the ring has moved, or the signer's has not yet; UNAVAILABLE, no answer. */
  sign(scope: Scope, epoch: number, fields: Omit<ReadyFields, 'event_id' | 'nonce'>): Promise<string> {
    const ready = { ...fields, event_id: `${fields.node_id}/${randomUUID()}`, nonce: randomUUID() };
    return new Promise((resolve, reject) => {
      const waiting = this.batchOf(scope, epoch);
      waiting.push({ ready, resolve, reject });
      // The next one begins another batch; this one goes when its time is over, like any.
      if (waiting.length === READIES_PER_REQUEST) this.gathering.delete(keyOf(scope, epoch));
    });
  }

  private batchOf(scope: Scope, epoch: number): Waiting[] {
    const key = keyOf(scope, epoch);
    const present = this.gathering.get(key);
    if (present !== undefined) return present;
    const batch: Waiting[] = [];
    this.gathering.set(key, batch);
    setTimeout(() => {
      if (this.gathering.get(key) === batch) this.gathering.delete(key);
      void this.ask(scope, epoch, batch);
    }, GATHER_MS);
    return batch;
  }

  private async ask(scope: Scope, epoch: number, batch: readonly Waiting[]): Promise<void> {
    const request: Omit<SignReady, 'duration_ms'> = {
      scope,
      epoch,
      issued_at: new Date().toISOString(),
      readies: batch.map(({ ready }) => ready),
    };
    try {
      const subject = subjects.scopeSigner(scope, 'sign-ready');
      const isAnswer = ({ envelopes }: Partial<SignReadyReply>) => isOneEach(envelopes, batch.length);
      const { envelopes } = await this.bus.askSigner<SignReadyReply>(subject, request, SIGNING_DURATION_MS, isAnswer);
      for (const [i, { resolve }] of batch.entries()) resolve(envelopes[i] as string);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

const isOneEach = (texts: unknown, count: number): boolean =>
  Array.isArray(texts) && texts.length === count && texts.every((text) => typeof text === 'string');

const keyOf = (scope: Scope, epoch: number): string => `${scope} ${epoch}`;
