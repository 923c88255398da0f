/** Every change of a ring as it is announced, one statement each: what a Node of either ring then trusts. */
import { envelopeBy, forgedStatement, testKey, type TestRing } from '@plexsphere/testkit';
import { NonceMemory, parseEnvelope, PLATFORM, publicText, type SigningKeyRotated } from '@plexsphere/wire';
import { readBundle, readStatement } from '@plexsphere/wire/jws';
import { TestMesh } from '../../testing/test-mesh';
import type { KeyChange } from './key-change';
import { isKeyEvent, takeKeyEvent } from './key-events';
import { trustAtEnrolment, type TrustState } from './trust-state';
import { decisionOn } from './verify';

const NOW = new Date('2026-03-01T12:00:00Z');

const enrol = async (mesh: TestMesh): Promise<TrustState> =>
  trustAtEnrolment(mesh.nodeId, readBundle(await mesh.bundle(NOW)));

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

type Step = (ring: TestRing) => Promise<unknown>;
const first = (ring: TestRing): string => ring.keys[0]!.keyId;

/** What the Node knows at its enrolment, one change, and whom it trusts then; whether one key is left alone. */
const LIFE: [string, Step | undefined, Step, (a: string) => string[], 'alone' | 'beside'][] = [
  ['rotate', undefined, (ring) => ring.rotate('b', NOW), (a) => ['b', a], 'beside'],
  ['stage', undefined, (ring) => ring.stage('s', NOW), (a) => [a, 's'], 'beside'],
  ['rotate, staged', (ring) => ring.stage('s', NOW), (ring) => ring.rotate('s', NOW), (a) => ['s', a], 'beside'],
  ['unstage', (ring) => ring.stage('s', NOW), (ring) => ring.unstage(NOW), (a) => [a], 'alone'],
  ['rollback', (ring) => ring.rotate('b', NOW), (ring) => ring.rollback(NOW), (a) => [a, 'b'], 'beside'],
  ['revoke, staged', (ring) => ring.stage('s', NOW), (ring) => ring.revoke('s', NOW), (a) => [a], 'alone'],
  ['revoke, retiring', (ring) => ring.rotate('b', NOW), (ring) => ring.revoke(first(ring), NOW), () => ['b'], 'alone'],
];

describe.each(['a Domain', PLATFORM])('to a Node of %s', (which) => {
  let mesh: TestMesh;
  beforeEach(async () => {
    mesh = await TestMesh.create(NOW, which === PLATFORM ? PLATFORM : undefined);
  });

  test.each(LIFE)('%s', async (_, before, change, keyIds, how) => {
    const { ring } = mesh;
    await before?.(ring);
    const state = await enrol(mesh);
    await change(ring);
    const payload = ring.rotatedPayload();
    expect(['previous', 'transition_expires'].map((member) => member in payload)).toEqual(
      how === 'beside' ? [true, true] : [false, false],
    );
    const after = await taken(deliver(state, ring.rotatedEvent(NOW)));
    const { statementHash, epoch, next } = ring;
    expect(after.ring).toMatchObject({ statementHash, epoch, next, activeKeyId: ring.active.keyId });
    expect(after.ring.keys.map(({ keyId }) => keyId)).toEqual(keyIds(first(ring)));
    expect(after.ring.stagedKeyId).toBe(ring.staged?.keyId ?? null);
    expect(await deliver(after, ring.rotatedEvent(NOW))).toEqual({ kind: 'superseded', state: after });
  });
});

test.each(LIFE)('of the platform’s to a Node of a Domain: %s', async (_, before, change, keyIds) => {
  const mesh = await TestMesh.create(NOW);
  const { platform } = mesh;
  await before?.(platform);
  const state = await enrol(mesh);
  await change(platform);
  const after = await taken(deliver(state, platform.platformRotatedEvent(mesh.ring, NOW)));
  expect(after.platform.keys.map(({ keyId }) => keyId)).toEqual(keyIds(first(platform)));
  expect(after.platform).toMatchObject({ statementHash: platform.statementHash, activeKeyId: platform.active.keyId });
  expect(after.ring).toBe(state.ring);
});

describe('refused', () => {
  let mesh: TestMesh;
  let state: TrustState;
  beforeEach(async () => {
    mesh = await TestMesh.create(NOW);
    await mesh.ring.rotate('b', NOW);
    state = await enrol(mesh);
  });

  const announced = (payload: object, by = mesh.ring.active, eventType = 'signing_key_rotated'): string =>
    envelopeBy(by, mesh.ring.scope, NOW, { eventType, payload });
  const refused = (reason: string) => ({ kind: 'refused', reason });

  test.each<[string, Partial<SigningKeyRotated>]>([
    ['a key beside the one that is left alone', { previous: publicText(testKey('x').privateKey) }],
    ['an end where there is none', { transition_expires: '9999-12-31T23:59:59Z' }],
  ])('%s', async (_, members) => {
    await mesh.ring.revoke(first(mesh.ring), NOW);
    const text = announced(mesh.ring.rotatedPayload(members));
    await expect(deliver(state, text)).resolves.toEqual(refused('malformed'));
  });

  test('a rollback whose key that goes is left out', async () => {
    const by = mesh.ring.active;
    await mesh.ring.rollback(NOW);
    const { previous, ...payload } = mesh.ring.rotatedPayload();
    expect(previous).toBeDefined();
    await expect(deliver(state, announced(payload, by))).resolves.toEqual(refused('malformed'));
  });

  test('a statement vouched for at a platform epoch that the Node cannot judge', async () => {
    await mesh.ring.revoke(first(mesh.ring), NOW); // Vouched for at the platform's epoch 1.
    await mesh.platform.rotate('platform-2', NOW);
    const later = { ...(await enrol(mesh)), ring: state.ring };
    const text = announced(mesh.ring.rotatedPayload());
    await expect(deliver(later, text)).resolves.toEqual(refused('foreign_authority'));
  });

  test('one by the platform key of today, which was not active at the epoch that it names', async () => {
    await mesh.platform.rotate('platform-2', NOW);
    const present = { ...(await enrol(mesh)), ring: state.ring };
    await mesh.ring.revoke(first(mesh.ring), NOW);
    const { epoch, statement } = mesh.ring.rotatedPayload();
    const forged = forgedStatement({ ...readStatement(statement), authority_epoch: 1 }, mesh.platform.active);
    for (const [text, code] of [
      [forged, 'foreign_authority'],
      [statement, undefined],
    ] as const) {
      const change = await deliver(present, announced(mesh.ring.rotatedPayload({ epoch, statement: text })));
      expect(change.kind === 'refused' ? change.reason : undefined).toBe(code);
    }
  });

  test('a statement vouched for by a platform key that the Node has not heard of', async () => {
    await mesh.platform.rotate('platform-2', NOW);
    await mesh.ring.revoke(first(mesh.ring), NOW);
    const text = announced(mesh.ring.rotatedPayload());
    await expect(deliver(state, text)).resolves.toEqual(refused('foreign_authority'));
  });

  test('what changes no trust is told by a chain message alone', async () => {
    await mesh.ring.recommit(NOW);
    await expect(deliver(state, announced(mesh.ring.rotatedPayload()))).resolves.toEqual(refused('malformed'));
    await mesh.platform.changeRecoveryKey(testKey('recovery-2'), NOW);
    const { epoch, statement } = mesh.platform.rotatedPayload();
    const text = announced({ epoch, statement }, mesh.ring.active, 'platform_key_rotated');
    await expect(deliver(state, text)).resolves.toEqual(refused('malformed'));
  });

  test("the thief's own rotation, by the stolen active key: its successor was committed to before", async () => {
    const thief = mesh.ring.active;
    const payload = await mesh.ring.forgedRotation(thief, testKey('mallory'), NOW);
    await expect(deliver(state, announced(payload, thief))).resolves.toEqual(refused('next_not_kept'));
  });

  test('a statement that skips another', async () => {
    await mesh.ring.rotate('c', NOW);
    await mesh.ring.rotate('d', NOW);
    const text = announced(mesh.ring.rotatedPayload(), mesh.ring.keys[1]);
    await expect(deliver(state, text)).resolves.toEqual(refused('gap'));
  });
});
