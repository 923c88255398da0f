import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { envelopeBy, testKey } from '@plexsphere/testkit';
import { NonceMemory, parseEnvelope, publicKeyFromText, type TrustedKey } from '@plexsphere/wire';
import { readBundle } from '@plexsphere/wire/jws';
import { TestMesh } from '../../testing/test-mesh';
import { AppliedEvents } from './applied-events';
import { trustAtEnrolment, type TrustState } from './trust-state';
import { decisionOn } from './verify';

const NOW = new Date('2026-03-01T12:00:00Z');

interface Vector {
  name: string;
  now: string;
  public_key_b64: string;
  previous_b64?: string;
  transition_expires?: string;
  prior_envelopes?: string[];
  envelope: string;
  expect: 'accept' | 'reject';
  reason: string;
}

const REASONS: Record<string, string> = {
  'api: verifier: event is stale': 'stale',
  'api: verifier: event timestamp is in the future': 'future',
  'api: verifier: signature verification failed': 'signature_invalid',
  'api: verifier: duplicate nonce': 'nonce_reused',
};

const { vectors } = JSON.parse(readFileSync(join(__dirname, '../../../../test/vectors/envelopes.json'), 'utf8')) as {
  vectors: Vector[];
};

let mesh: TestMesh;
let enrolled: TrustState;

beforeAll(async () => {
  mesh = await TestMesh.create(NOW);
  enrolled = trustAtEnrolment(mesh.nodeId, readBundle(await mesh.bundle(NOW)));
});

const decisionAlone = (state: TrustState, text: string, now = NOW) =>
  decisionOn(state, parseEnvelope(text), now, new NonceMemory());

describe('envelopes with the verdict of a Node written in Go', () => {
  test('there are all 20', () => expect(vectors).toHaveLength(20));

  test.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (_name, vector) => {
    const keys: TrustedKey[] = [{ keyId: 'current', publicKey: publicKeyFromText(vector.public_key_b64) }];
    if (vector.previous_b64 !== undefined && vector.transition_expires !== undefined) {
      const notAfter = new Date(vector.transition_expires);
      keys.push({ keyId: 'previous', publicKey: publicKeyFromText(vector.previous_b64), notAfter });
    }
    const state: TrustState = { ...enrolled, ring: { ...enrolled.ring, keys } };
    const nonces = new NonceMemory();
    for (const prior of vector.prior_envelopes ?? []) {
      expect(decisionOn(state, parseEnvelope(prior), new Date(vector.now), nonces)).toMatchObject({ kind: 'apply' });
    }
    const expected =
      vector.expect === 'accept' ? { kind: 'apply' } : { kind: 'refused', reason: REASONS[vector.reason] };
    expect(decisionOn(state, parseEnvelope(vector.envelope), new Date(vector.now), nonces)).toMatchObject(expected);
  });
});

test('an event id that was applied is a duplicate, with a signature; without one it is nothing', () => {
  const state = { ...enrolled, applied: new AppliedEvents([[NOW.getTime(), ['event-1']]]) };
  const text = envelopeBy(mesh.ring.active, mesh.ring.scope, NOW, { eventId: 'event-1' });
  expect(decisionAlone(enrolled, text)).toMatchObject({ kind: 'apply' });
  expect(decisionAlone(state, text)).toEqual({ kind: 'duplicate' });
  const forged = envelopeBy(testKey('stranger'), mesh.ring.scope, NOW, { eventId: 'event-1' });
  expect(decisionAlone(state, forged)).toEqual({ kind: 'refused', reason: 'signature_invalid' });
});

test.each([
  ['another Node', 'refused'],
  ['this Node', 'apply'],
  ['no Node', 'apply'],
])('an event id that names %s', (recipient, kind) => {
  const rest = '2a6d1b6e-8b0f-4f0e-9d53-0d7c0a3f7d10';
  const eventId = {
    'another Node': `9f1c2b52-7a43-4a1f-8f5e-3f4f3d1a9e11/${rest}`,
    'this Node': `${mesh.nodeId}/${rest}`,
    'no Node': rest,
  }[recipient]!;
  const decision = decisionAlone(enrolled, envelopeBy(mesh.ring.active, mesh.ring.scope, NOW, { eventId }));
  expect(decision).toMatchObject(kind === 'refused' ? { kind, reason: 'other_recipient' } : { kind });
});

test.each(['key-1', 'key-0', 'platform-1', undefined, 42])('with the key id hint %p it verifies the same', (hint) => {
  const text = envelopeBy(mesh.ring.active, mesh.ring.scope, NOW);
  // JSON.stringify leaves out a member that is undefined.
  const hinted = JSON.stringify({ ...(JSON.parse(text) as object), key_id: hint });
  expect(decisionAlone(enrolled, hinted)).toMatchObject({ kind: 'apply', key: { keyId: 'key-1' } });
});

test('a key past its notAfter verifies no more, strictly', () => {
  const key = { keyId: 'key-1', publicKey: mesh.ring.active.privateKey.publicKey, notAfter: NOW };
  const state = { ...enrolled, ring: { ...enrolled.ring, keys: [key] } };
  const justBefore = new Date(NOW.getTime() - 1);
  const text = envelopeBy(mesh.ring.active, mesh.ring.scope, NOW);
  expect(decisionAlone(state, text, justBefore)).toMatchObject({ kind: 'apply' });
  expect(decisionAlone(state, text)).toEqual({ kind: 'refused', reason: 'signature_invalid' });
});

test("the platform's key signs no event for a Domain's Node", () => {
  const text = envelopeBy(mesh.platform.active, mesh.ring.scope, NOW);
  expect(decisionAlone(enrolled, text)).toEqual({ kind: 'refused', reason: 'signature_invalid' });
});
