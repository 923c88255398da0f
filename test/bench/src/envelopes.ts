import { randomUUID } from 'node:crypto';
import { parseEnvelope, SIGNING_DURATION_MS, type Scope } from '@plexsphere/wire';
import type { SignBatch, SignEnvelope } from '@plexsphere/wire/commands';

/** What events carry here: some 80 bytes. */
export const PAYLOAD = '{"route":"10.0.0.0/24","via":"edge-7","metric":10,"tags":["a","b"]}';

export const EVENT_TYPE = 'route_updated';

export const signEnvelope = (scope: Scope, epoch: number): SignEnvelope => ({
  ...{ scope, epoch, event_type: EVENT_TYPE, event_id: randomUUID(), issued_at: new Date().toISOString() },
  ...{ nonce: randomUUID(), payload: PAYLOAD, duration_ms: SIGNING_DURATION_MS },
});

/** So many of these fill the 256 KiB that a request may have. */
export const ENVELOPES_A_BATCH = 950;

export const signBatch = (scope: Scope): SignBatch => ({
  ...{ scope, epoch: 1, issued_at: new Date().toISOString(), duration_ms: SIGNING_DURATION_MS },
  envelopes: Array.from({ length: ENVELOPES_A_BATCH }, () => ({
    ...{ event_type: EVENT_TYPE, event_id: randomUUID(), nonce: randomUUID(), payload: PAYLOAD },
  })),
});

const BODIES = 512;
const BATCH_BODIES = 8;

/**
 * Requests by turns, all made beforehand: who asks is a process on the same machine, and what it does for each request is
 * missing to those who answer. For loads of a few seconds: they bear the time of their making.
 */
export const signBodies = (scope: Scope, epoch: number): (() => Uint8Array) =>
  byTurns(BODIES, () => signEnvelope(scope, epoch));

/** The same, of batches. */
export const batchBodies = (scope: Scope): (() => Uint8Array) => byTurns(BATCH_BODIES, () => signBatch(scope));

function byTurns(count: number, request: () => object): () => Uint8Array {
  const bodies = Array.from({ length: count }, () => Buffer.from(JSON.stringify(request())));
  let next = 0;
  return () => bodies[next++ % count]!;
}

/** @throws Error where two envelopes over the same fields are not signed over the same bytes */
export function requireSameText(ours: string, others: string): void {
  const [one, other] = [ours, others].map((text) => parseEnvelope(text).canonical);
  if (one !== other) throw new Error(`not the same bytes are signed: ${one} ${other}`);
}
