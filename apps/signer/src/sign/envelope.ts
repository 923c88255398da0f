import {
  CLOCK_SKEW_MS,
  MAX_LINE_BYTES,
  buildEnvelope,
  canonicalText,
  isEventId,
  isNonce,
  parseRfc3339,
  problem,
  type CanonicalFields,
  type Scope,
} from '@plexsphere/wire';
import type { EnvelopeReply } from '@plexsphere/wire/commands';
import type { SigningKey } from '@plexsphere/wire/jws';

/**
 * The longest envelope whose line of server-sent events a Go Node still reads (MAX_LINE_BYTES with `data: `
 * before it). Whoever accepts an event compares with MAX_ENVELOPE_BYTES, which leaves room for what this signing adds;
 * comparing with that again here would refuse for ever an event that was accepted.
 */
const MAX_WIRE_BYTES = MAX_LINE_BYTES - 'data: '.length;

/**
 * The envelope over these fields, by this key. Every envelope passes here. `now` is the database's: whoever asks and
 * whoever signs may each be CLOCK_SKEW_MS off it, and who has stolen the right to ask leaves with no stock of envelopes
 * for later.
 * @throws Problem invariantViolation for fields that a Node would refuse or that nobody makes so, envelopeTooLarge
 */
export async function sealEnvelope(
  scope: Scope,
  key: SigningKey,
  fields: CanonicalFields,
  now: Date,
): Promise<EnvelopeReply> {
  const malformed = malformedField(fields, now);
  if (malformed !== undefined) throw problem('invariantViolation', { field: malformed });
  const canonical = canonicalText(fields);
  const signature = await key.privateKey.sign(Buffer.from(canonical));
  const envelope = buildEnvelope(canonical, { scope, keyId: key.keyId }, signature);
  if (Buffer.byteLength(envelope) > MAX_WIRE_BYTES) throw problem('envelopeTooLarge');
  return { envelope, key_id: key.keyId };
}

function malformedField({ eventId, nonce, issuedAt }: CanonicalFields, now: Date): string | undefined {
  if (!isEventId(eventId)) return 'event_id';
  if (!isNonce(nonce)) return 'nonce';
  const issued = parseRfc3339(issuedAt);
  const isNow =
    issued !== undefined &&
    issued.ceilMs - now.getTime() <= CLOCK_SKEW_MS &&
    now.getTime() - issued.ms <= CLOCK_SKEW_MS;
  return isNow ? undefined : 'issued_at';
}
