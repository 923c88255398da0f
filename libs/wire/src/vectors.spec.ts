/** The 20 envelopes that a Go Node's own code judged: the same verdict, the same bytes, in both directions. */
import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalText } from './canonical';
import { publicKeyFromText } from './algorithms';
import { buildEnvelope, EnvelopeError, NonceMemory, parseEnvelope, verifyEnvelope, type TrustedKey } from './envelope';

interface Vector {
  name: string;
  now: string;
  seed_b64: string;
  public_key_b64: string;
  previous_b64?: string;
  transition_expires?: string;
  prior_envelopes?: string[];
  canonical_utf8: string;
  signed_utf8?: string;
  signature_b64: string;
  payload_raw: string | null;
  envelope: string;
  expect: 'accept' | 'reject';
  reason: string;
}

const VECTORS_FILE = join(__dirname, '../../../test/vectors/envelopes.json');
const { vectors } = JSON.parse(readFileSync(VECTORS_FILE, 'utf8')) as { vectors: Vector[] };

/** The Go verifier's own words, as our codes. */
const REASONS: Record<string, string> = {
  '': 'accept',
  'api: verifier: event is stale': 'stale',
  'api: verifier: event timestamp is in the future': 'future',
  'api: verifier: signature verification failed': 'signature_invalid',
  'api: verifier: duplicate nonce': 'nonce_reused',
};

const privateKeyFromSeed = (seed: string): KeyObject =>
  createPrivateKey({
    // RFC 8410 section 7: what stands before the 32 bytes of an Ed25519 seed in PKCS#8.
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(seed, 'base64')]),
    format: 'der',
    type: 'pkcs8',
  });

const trustedKeys = (vector: Vector): TrustedKey[] => [
  { keyId: 'current', publicKey: publicKeyFromText(vector.public_key_b64) },
  ...(vector.previous_b64 !== undefined && vector.transition_expires !== undefined
    ? [
        {
          keyId: 'previous',
          publicKey: publicKeyFromText(vector.previous_b64),
          notAfter: new Date(vector.transition_expires),
        },
      ]
    : []),
];

const refusalOf = (attempt: () => unknown): string => {
  try {
    attempt();
  } catch (error) {
    if (error instanceof EnvelopeError) return error.code;
    throw error;
  }
  return 'accept';
};

describe('vectors made by Go', () => {
  test('there are 20', () => expect(vectors).toHaveLength(20));

  test.each(vectors)('$name: verdict and reason', (vector) => {
    const nonces = new NonceMemory();
    const deliver = (text: string): string =>
      refusalOf(() => verifyEnvelope(parseEnvelope(text), trustedKeys(vector), new Date(vector.now), nonces));
    for (const prior of vector.prior_envelopes ?? []) expect(deliver(prior)).toBe('accept');
    const verdict = deliver(vector.envelope);
    expect(verdict).toBe(REASONS[vector.reason]);
    expect(verdict === 'accept').toBe(vector.expect === 'accept');
  });

  test.each(vectors)('$name: canonical text, payload and signature', (vector) => {
    const envelope = parseEnvelope(vector.envelope);
    expect(envelope.canonical).toBe(vector.canonical_utf8);
    expect(envelope.payload).toBe(vector.payload_raw ?? 'null');
    expect(envelope.signature?.toString('base64')).toBe(vector.signature_b64);
    const signed = Buffer.from(vector.signed_utf8 ?? vector.canonical_utf8);
    expect(sign(null, signed, privateKeyFromSeed(vector.seed_b64)).toString('base64')).toBe(vector.signature_b64);
  });

  test.each(vectors)('$name: built by us, it parses to the same', (vector) => {
    const { canonical, eventType, eventId, issuedAt, nonce, payload } = parseEnvelope(vector.envelope);
    expect(canonicalText({ eventType, eventId, issuedAt, nonce, payload })).toBe(canonical);
    const signature = Buffer.from(vector.signature_b64, 'base64');
    const built = parseEnvelope(buildEnvelope(canonical, { scope: 'platform', keyId: 'platform-1' }, signature));
    expect(built).toMatchObject({ canonical, signature, scope: 'platform', keyId: 'platform-1' });
  });
});
