import { sign } from 'node:crypto';
import { buildEnvelope, canonicalText, problem, type CanonicalFields, type Scope } from '@plexsphere/wire';
import type { EnvelopeReply } from '@plexsphere/wire/commands';
import type { SigningKey } from '@plexsphere/wire/jws';

/**
 * The longest envelope whose line of server-sent events a Go Node still reads (wire contract: 65,535 bytes with
 * `data: `). Whoever accepts an event compares with MAX_ENVELOPE_BYTES, which leaves room for what this signing adds;
 * comparing with that again here would refuse for ever an event that was accepted.
 */
const MAX_WIRE_BYTES = 65_535 - 'data: '.length;

/**
 * The envelope over these fields, by this key.
 * @throws Problem invariantViolation for fields that a Node would refuse, envelopeTooLarge
 */
export function sealEnvelope(scope: Scope, key: SigningKey, fields: CanonicalFields): EnvelopeReply {
  const canonical = canonicalText(fields);
  const signature = sign(null, Buffer.from(canonical), key.privateKey);
  const envelope = buildEnvelope(canonical, { scope, keyId: key.keyId }, signature);
  if (Buffer.byteLength(envelope) > MAX_WIRE_BYTES) throw problem('envelopeTooLarge');
  return { envelope, key_id: key.keyId };
}
