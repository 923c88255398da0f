import {
  CLOCK_SKEW_MS,
  MAX_LINE_BYTES,
  buildEnvelope,
  canonicalTextsAt,
  isEventId,
  isNonce,
  parseRfc3339,
  problem,
  type CanonicalFields,
  type Rfc3339,
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

/** What an envelope has beside its time. */
export type SealedFields = Omit<CanonicalFields, 'issuedAt'>;

/** At once where the key signs at once: a promise costs a part of what a signature does. @throws Problem as `sealing` */
export type Seal = (fields: SealedFields) => string | Promise<string>;

/** By which key, in whose name, and when. `now` is the database's. */
interface Sealing {
  scope: Scope;
  key: SigningKey;
  issuedAt: string;
  now: Date;
}

/**
 * What seals envelopes that are issued at that time. Every envelope passes here. Whoever asks and whoever signs may each be
 * CLOCK_SKEW_MS off the database's clock, and who has stolen the right to ask leaves with no stock of envelopes for later.
 * @throws Problem invariantViolation for fields that a Node would refuse or that nobody makes so, envelopeTooLarge
 */
export function sealing({ scope, key, issuedAt, now }: Sealing): Seal {
  const issued = parseRfc3339(issuedAt);
  if (issued === undefined || !isAbout(issued, now)) throw problem('invariantViolation', { field: 'issued_at' });
  const canonicalText = canonicalTextsAt(issued);
  const hints = { scope, keyId: key.keyId };
  const envelopeOf = (canonical: string, signature: Buffer): string => {
    const envelope = buildEnvelope(canonical, hints, signature);
    if (envelope.length * 3 > MAX_WIRE_BYTES && Buffer.byteLength(envelope) > MAX_WIRE_BYTES)
      throw problem('envelopeTooLarge');
    return envelope;
  };
  return (fields) => {
    const malformed = malformedField(fields);
    if (malformed !== undefined) throw problem('invariantViolation', { field: malformed });
    const canonical = canonicalText(fields);
    const signature = key.privateKey.sign(Buffer.from(canonical));
    return signature instanceof Promise
      ? signature.then((bytes) => envelopeOf(canonical, bytes))
      : envelopeOf(canonical, signature);
  };
}

/** One envelope. @throws Problem as `sealing` */
export function sealEnvelope(
  scope: Scope,
  key: SigningKey,
  { issuedAt, ...fields }: CanonicalFields,
  now: Date,
): EnvelopeReply | Promise<EnvelopeReply> {
  const sealed = sealing({ scope, key, issuedAt, now })(fields);
  const replyOf = (envelope: string): EnvelopeReply => ({ envelope, key_id: key.keyId });
  return sealed instanceof Promise ? sealed.then(replyOf) : replyOf(sealed);
}

function malformedField({ eventId, nonce }: SealedFields): string | undefined {
  if (!isEventId(eventId)) return 'event_id';
  return isNonce(nonce) ? undefined : 'nonce';
}

const isAbout = ({ ms, ceilMs }: Rfc3339, now: Date): boolean =>
  ceilMs - now.getTime() <= CLOCK_SKEW_MS && now.getTime() - ms <= CLOCK_SKEW_MS;
