import { envelopeBy, testKey, type TestKey } from '@plexsphere/testkit';
import { NonceMemory, parseEnvelope, PLATFORM, publicText, type SigningKeyRotated } from '@plexsphere/wire';
import { readBundle } from '@plexsphere/wire/jws';
import { TestMesh } from '../../testing/test-mesh';
import type { KeyChange } from './key-change';
import { isKeyEvent, takeKeyEvent } from './key-events';
import { trustAtEnrolment, type TrustState } from './trust-state';
import { decisionOn } from './verify';

const NOW = new Date('2026-03-01T12:00:00Z');
const WINDOW_MS = 60_000;

const enrol = async (mesh: TestMesh): Promise<TrustState> =>
  trustAtEnrolment(mesh.nodeId, readBundle(await mesh.bundle(NOW)));

/** Verified first, as a Node does: what its envelope refuses never comes this far. */
async function deliver(state: TrustState, text: string): Promise<KeyChange> {
  const envelope = parseEnvelope(text);
  const decision = decisionOn(state, envelope, NOW, new NonceMemory());
  if (decision.kind !== 'apply' || !isKeyEvent(envelope.eventType)) throw new Error(JSON.stringify(decision));
  return takeKeyEvent(state, envelope.eventType, envelope, decision.key);
}

async function taken(change: Promise<KeyChange>): Promise<TrustState> {
  const result = await change;
  if (result.kind !== 'taken') throw new Error(JSON.stringify(result));
  return result.state;
}

const names = (state: TrustState, anchor: 'ring' | 'platform' = 'ring') => state[anchor].keys.map(({ keyId }) => keyId);

let mesh: TestMesh;
let enrolled: TrustState;

beforeEach(async () => {
  mesh = await TestMesh.create(NOW);
  enrolled = await enrol(mesh);
});

describe('signing_key_rotated', () => {
  beforeEach(() => mesh.ring.rotate('key-2', NOW, WINDOW_MS));

  test('the new key leads, the old one verifies until the transition expires', async () => {
    const state = await taken(deliver(enrolled, mesh.ring.rotatedEvent(NOW)));
    expect(names(state)).toEqual(['key-2', 'key-1']);
    expect(state.ring.keys[1]?.notAfter).toEqual(new Date(NOW.getTime() + WINDOW_MS));
    expect(state.ring).toMatchObject({ epoch: 2, statementHash: mesh.ring.statementHash });
    expect(state.platform).toBe(enrolled.platform);
  });

  test('delivered again it is superseded', async () => {
    const state = await taken(deliver(enrolled, mesh.ring.rotatedEvent(NOW)));
    await expect(deliver(state, mesh.ring.rotatedEvent(NOW))).resolves.toEqual({ kind: 'superseded', state });
  });

  test('a rotation after a close that this Node was never told of', async () => {
    const state = await taken(deliver(enrolled, mesh.ring.rotatedEvent(NOW)));
    await mesh.ring.rotate('key-3', NOW);
    const next = await taken(deliver(state, mesh.ring.rotatedEvent(NOW)));
    expect(names(next)).toEqual(['key-3', 'key-2']);
    expect(next.ring.epoch).toBe(4);
  });

  test.each<[string, Partial<SigningKeyRotated>, string]>([
    ['another scope', { scope: 'domain:9f1c2b52-7a43-4a1f-8f5e-3f4f3d1a9e11' }, 'wrong_scope'],
    ['no epoch', { epoch: 1.5 }, 'malformed'],
    ['another new key than the statement', { current: publicText(testKey('x').privateKey) }, 'malformed'],
    ['another old key than the statement', { previous: publicText(testKey('x').privateKey) }, 'malformed'],
    ['another key id than the statement', { new_key_id: 'key-9' }, 'malformed'],
    ['a key that would kill a Node written in Go', { current: 'AAAA' }, 'malformed'],
    ['no time', { transition_expires: 'soon' }, 'malformed'],
    ['S6: a later end than the statement says', { transition_expires: '9999-12-31T23:59:59.000Z' }, 'malformed'],
    ['S6: a later epoch than the statement says', { epoch: Number.MAX_SAFE_INTEGER }, 'malformed'],
    ['S6: an earlier epoch than the statement says', { epoch: 1 }, 'malformed'],
    ['no statement', { statement: '{}' }, 'malformed'],
  ])('%s is refused, whoever signed the envelope', async (_what, members, reason) => {
    const payload = mesh.ring.rotatedPayload(members);
    const text = envelopeBy(enrolledKey(), mesh.ring.scope, NOW, { eventType: 'signing_key_rotated', payload });
    await expect(deliver(enrolled, text)).resolves.toEqual({ kind: 'refused', reason });
  });

  test('a statement that does not continue what this Node holds is refused', async () => {
    await mesh.ring.rotate('key-3', NOW);
    const payload = mesh.ring.rotatedPayload();
    const text = envelopeBy(enrolledKey(), mesh.ring.scope, NOW, { eventType: 'signing_key_rotated', payload });
    await expect(deliver(enrolled, text)).resolves.toEqual({ kind: 'refused', reason: 'gap' });
  });

  const enrolledKey = (): TestKey => mesh.ring.retiringSince(1);
});

describe('an outgoing key that leaked has no say', () => {
  let leaked: TestKey;
  let state: TrustState;

  beforeEach(async () => {
    leaked = mesh.ring.active;
    await mesh.ring.rotate('key-2', NOW, WINDOW_MS);
    state = await taken(deliver(enrolled, mesh.ring.rotatedEvent(NOW)));
  });

  test('in what follows', async () => {
    const payload = await mesh.ring.forgedRotation(leaked, testKey('mallory'), NOW);
    const text = envelopeBy(leaked, mesh.ring.scope, NOW, { eventType: 'signing_key_rotated', payload });
    await expect(deliver(state, text)).resolves.toEqual({ kind: 'refused', reason: 'unknown_key' });
  });

  test('S7: nor its statement, whoever announces it', async () => {
    const payload = await mesh.ring.forgedRotation(leaked, testKey('mallory'), NOW);
    const text = envelopeBy(mesh.ring.active, mesh.ring.scope, NOW, { eventType: 'signing_key_rotated', payload });
    await expect(deliver(state, text)).resolves.toEqual({ kind: 'refused', reason: 'foreign_authority' });
  });

  test("S6: in what becomes of the platform's key, with the platform's true statement", async () => {
    await mesh.platform.rotate('platform-2', NOW, WINDOW_MS);
    const payload = { ...mesh.platform.rotatedPayload() };
    const { epoch, statement, transition_expires } = payload;
    const fields = { eventType: 'platform_key_rotated', payload: { epoch, statement, transition_expires } };
    const byLeaked = deliver(state, envelopeBy(leaked, mesh.ring.scope, NOW, fields));
    await expect(byLeaked).resolves.toEqual({ kind: 'refused', reason: 'unknown_key' });
    await taken(deliver(state, envelopeBy(mesh.ring.active, mesh.ring.scope, NOW, fields)));
  });
});

describe('platform_key_rotated', () => {
  test("changes the platform's anchor and no other", async () => {
    await mesh.platform.rotate('platform-2', NOW, WINDOW_MS);
    const state = await taken(deliver(enrolled, mesh.platform.platformRotatedEvent(mesh.ring, NOW)));
    expect(names(state, 'platform')).toEqual(['platform-2', 'platform-1']);
    expect(state.platform.epoch).toBe(2);
    expect(state.ring).toBe(enrolled.ring);
    const again = deliver(state, mesh.platform.platformRotatedEvent(mesh.ring, NOW));
    await expect(again).resolves.toEqual({ kind: 'superseded', state });
  });

  test.each([
    ['an epoch', { epoch: Number.MAX_SAFE_INTEGER }],
    ['an end', { transition_expires: '9999-12-31T23:59:59.000Z' }],
  ])("S6: %s of the Domain key's choice freezes nothing", async (_what, members) => {
    await mesh.platform.rotate('platform-2', NOW, WINDOW_MS);
    const { epoch, statement, transition_expires } = mesh.platform.rotatedPayload();
    const payload = { epoch, statement, transition_expires, ...members };
    const fields = { eventType: 'platform_key_rotated', payload };
    const forged = deliver(enrolled, envelopeBy(mesh.ring.active, mesh.ring.scope, NOW, fields));
    await expect(forged).resolves.toEqual({ kind: 'refused', reason: 'malformed' });
    const state = await taken(deliver(enrolled, mesh.platform.platformRotatedEvent(mesh.ring, NOW)));
    expect(state.platform).toMatchObject({ epoch: 2, keys: [{}, { notAfter: new Date(NOW.getTime() + WINDOW_MS) }] });
  });

  test("a statement of the Domain's own is refused: its key has no say over the platform's", async () => {
    await mesh.ring.rotate('key-2', NOW);
    const { statement, transition_expires, epoch } = mesh.ring.rotatedPayload();
    const payload = { statement, transition_expires, epoch };
    const text = envelopeBy(mesh.ring.retiringSince(1), mesh.ring.scope, NOW, {
      eventType: 'platform_key_rotated',
      payload,
    });
    await expect(deliver(enrolled, text)).resolves.toEqual({ kind: 'refused', reason: 'wrong_scope' });
  });
});

test('a Node in platform has one ring in both places', async () => {
  const platform = await TestMesh.create(NOW, PLATFORM);
  const before = await enrol(platform);
  await platform.ring.rotate('platform-2', NOW);
  const state = await taken(deliver(before, platform.ring.rotatedEvent(NOW)));
  expect(names(state)).toEqual(['platform-2', 'platform-1']);
  expect(state.platform).toBe(state.ring);
});
