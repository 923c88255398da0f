import { randomUUID } from 'node:crypto';
import { parseEnvelope, SIGNING_DURATION_MS, type Scope } from '@plexsphere/wire';
import type { SignEnvelope } from '@plexsphere/wire/commands';

/** What events carry here: some 80 bytes. */
export const PAYLOAD = '{"route":"10.0.0.0/24","via":"edge-7","metric":10,"tags":["a","b"]}';

export const signEnvelope = (scope: Scope, epoch: number): SignEnvelope => ({
  ...{ scope, epoch, event_type: 'route_updated', event_id: randomUUID(), issued_at: new Date().toISOString() },
  ...{ nonce: randomUUID(), payload: PAYLOAD, duration_ms: SIGNING_DURATION_MS },
});

const BODIES = 512;

/**
 * Requests by turns, all made beforehand: who asks is a process on the same machine, and what it does for each request is
 * missing to those who answer. For loads of a few seconds: they bear the time of their making.
 */
export function signBodies(scope: Scope, epoch: number): () => Uint8Array {
  const bodies = Array.from({ length: BODIES }, () => Buffer.from(JSON.stringify(signEnvelope(scope, epoch))));
  let next = 0;
  return () => bodies[next++ % BODIES]!;
}

/** @throws Error where two envelopes over the same fields are not signed over the same bytes */
export function requireSameText(ours: string, others: string): void {
  const [one, other] = [ours, others].map((text) => parseEnvelope(text).canonical);
  if (one !== other) throw new Error(`not the same bytes are signed: ${one} ${other}`);
}
