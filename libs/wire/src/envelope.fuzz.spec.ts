import { FUZZ_TIMEOUT_MS, fuzz, newKeyPair } from '@plexsphere/testkit';
import { canonicalText } from './canonical';
import { buildEnvelope, EnvelopeError, NonceMemory, parseEnvelope, verifyEnvelope, type Envelope } from './envelope';
import { compactJson, JsonTextError } from './json-text';

const { privateKey, publicKey } = newKeyPair();
const now = new Date('2026-03-01T12:00:00Z');
const PAYLOADS = ['null', '{"a":1.0,"b":[true,"\\u00e9<&>"]}', '[12345678901234567890,{"":{"x":[[]]}}]', ' "\u2028" '];

function signed(payload: string): string {
  const fields = { eventType: 'route_updated', eventId: 'e-1', issuedAt: now.toISOString(), nonce: 'n-1', payload };
  const canonical = canonicalText(fields);
  const signature = privateKey.sign(Buffer.from(canonical));
  return buildEnvelope(canonical, { scope: 'platform', keyId: 'key-1' }, signature);
}

const samples = PAYLOADS.map(signed);

/** What the signature covers, and the signature: of two texts that agree in these a Node sees the same event. */
const meaning = ({ canonical, eventType, eventId, issuedAt, nonce, signature }: Envelope): unknown => [
  canonical,
  eventType,
  eventId,
  issuedAt,
  nonce,
  signature?.toString('hex') ?? '',
];

test(
  'an envelope',
  () =>
    fuzz({
      samples,
      parse: parseEnvelope,
      refuses: (error) => error instanceof EnvelopeError && error.code === 'malformed',
      accepted: (envelope) => {
        const hints = { scope: envelope.scope ?? 'platform', keyId: envelope.keyId ?? 'key-1' };
        const again = buildEnvelope(envelope.canonical, hints, envelope.signature ?? Buffer.alloc(0));
        expect(meaning(parseEnvelope(again))).toEqual(meaning(envelope));
      },
    }),
  FUZZ_TIMEOUT_MS,
);

test(
  'an envelope that verifies says what was signed',
  () => {
    const canonicals = new Set(samples.map((text) => parseEnvelope(text).canonical));
    const keys = [{ keyId: 'key-1', publicKey }];
    return fuzz({
      samples,
      parse: (text) => {
        const envelope = parseEnvelope(text);
        verifyEnvelope(envelope, keys, now, new NonceMemory());
        return envelope;
      },
      refuses: (error) => error instanceof EnvelopeError,
      accepted: ({ canonical }) => expect(canonicals).toContain(canonical),
    });
  },
  FUZZ_TIMEOUT_MS,
);

test(
  'the canonical text of a payload',
  () =>
    fuzz({
      samples: PAYLOADS,
      parse: compactJson,
      refuses: (error) => error instanceof JsonTextError,
      accepted: (compact, text) => {
        expect(compactJson(compact)).toBe(compact);
        expect(JSON.parse(compact)).toEqual(JSON.parse(text.replace(/\p{Surrogate}/gu, '\ufffd')));
      },
    }),
  FUZZ_TIMEOUT_MS,
);
