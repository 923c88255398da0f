import { type TestKey } from '@plexsphere/testkit';
import { PLATFORM } from '@plexsphere/wire';
import { readBundle } from '@plexsphere/wire/jws';
import { TestMesh } from '../../testing/test-mesh';
import { takeChain } from './chain';
import { trustAtEnrolment, type TrustState } from './trust-state';

const NOW = new Date('2026-03-01T12:00:00Z');
const later = (minutes: number): Date => new Date(NOW.getTime() + minutes * 60_000);
const AT_ENROLMENT = { epoch: 1, platformEpoch: 1 };

let mesh: TestMesh;
let enrolled: TrustState;

const enrol = async (of: TestMesh): Promise<TrustState> =>
  trustAtEnrolment(of.nodeId, readBundle(await of.bundle(NOW)));

async function taken(state: TrustState, text: string, now = NOW): Promise<TrustState> {
  const change = await takeChain(state, text, now);
  if (change.kind !== 'taken') throw new Error(JSON.stringify(change));
  return change.state;
}

/** Of the Node's own ring, whatever became of the platform's. */
async function refusal(state: TrustState, text: string, now = NOW): Promise<string> {
  const change = await takeChain(state, text, now);
  if (change.kind === 'refused') return change.reason;
  return change.kind === 'taken' ? (change.refused ?? 'taken') : change.kind;
}

const names = (state: TrustState, anchor: 'ring' | 'platform' = 'ring') => state[anchor].keys.map(({ keyId }) => keyId);

let named: number;

async function sleepThrough(rotations: number): Promise<void> {
  for (let left = rotations; left > 0; left -= 1) {
    named += 1;
    await mesh.ring.rotate(`key-${named}`, NOW);
    await mesh.platform.rotate(`platform-${named}`, NOW);
  }
}

beforeEach(async () => {
  named = 1;
  mesh = await TestMesh.create(NOW);
  enrolled = await enrol(mesh);
});

test.each([1, 2, 7])('a Node that slept through %i rotations of both rings comes back', async (rotations) => {
  await sleepThrough(rotations);
  mesh.ring.close();
  const state = await taken(enrolled, await mesh.chain(later(600_000), AT_ENROLMENT), later(600_000));
  expect(names(state)).toEqual([`key-${rotations + 1}`]);
  expect(names(state, 'platform')).toEqual([`platform-${rotations + 1}`, `platform-${rotations}`]);
  expect(state.ring).toMatchObject({ epoch: mesh.ring.epoch, statementHash: mesh.ring.statementHash });
  expect(state.platform.epoch).toBe(mesh.platform.epoch);
});

test('a Node in platform comes back by its one list', async () => {
  mesh = await TestMesh.create(NOW, PLATFORM);
  const before = await enrol(mesh);
  await mesh.ring.rotate('platform-2', NOW);
  const state = await taken(before, await mesh.chain(NOW, AT_ENROLMENT));
  expect(names(state)).toEqual(['platform-2', 'platform-1']);
  expect(state.platform).toEqual(state.ring);
  const inTheOther = { platform_statements: [], statements: mesh.ring.statementsSince(1) };
  await expect(refusal(before, await mesh.chain(NOW, AT_ENROLMENT, inTheOther))).resolves.toBe('malformed');
});

test('a close that was slept through needs no statement', async () => {
  await mesh.ring.rotate('key-2', NOW);
  const state = await taken(enrolled, await mesh.chain(NOW, AT_ENROLMENT));
  mesh.ring.close();
  const closed = await taken(state, await mesh.chain(later(1), { epoch: 2, platformEpoch: 1 }), later(1));
  expect(names(closed)).toEqual(['key-2']);
  expect(closed.ring.epoch).toBe(3);
});

test("P-9: a Domain's Node drops the platform key that was closed, as soon as the bundle says so", async () => {
  await mesh.platform.rotate('platform-2', NOW);
  const state = await taken(enrolled, await mesh.chain(NOW, AT_ENROLMENT));
  expect(names(state, 'platform')).toEqual(['platform-2', 'platform-1']);
  mesh.platform.close();
  const closed = await taken(state, await mesh.chain(later(1), { epoch: 1, platformEpoch: 2 }), later(1));
  expect(names(closed, 'platform')).toEqual(['platform-2']);
  expect(closed.platform).toMatchObject({ epoch: 3, statementHash: mesh.platform.statementHash });
  expect(names(closed)).toEqual(['key-1']);
});

describe('S6: of two bundles for one head', () => {
  const numbered = (epoch: number, at: Date) => mesh.bundle(at, mesh.platform.active, { ...mesh.ring.anchor(), epoch });
  const shown = async (state: TrustState, bundle: string) =>
    (await takeChain(state, JSON.stringify({ platform_statements: [], statements: [], bundle }), later(2))) as {
      kind: string;
      state: TrustState;
    };

  test('the later one gives the epoch, so a number that was wrong heals', async () => {
    const wrong = await shown(enrolled, await numbered(Number.MAX_SAFE_INTEGER, later(1)));
    expect(wrong.state.ring.epoch).toBe(Number.MAX_SAFE_INTEGER);
    const right = await shown(wrong.state, await numbered(1, later(2)));
    expect(right).toMatchObject({ kind: 'taken', state: { ring: { epoch: 1 } } });
    const again = await shown(right.state, await numbered(Number.MAX_SAFE_INTEGER, later(1)));
    expect(again).toMatchObject({ kind: 'superseded', state: { ring: { epoch: 1 } } });
  });

  test('a number that was wrong keeps no rotation out', async () => {
    const { state } = await shown(enrolled, await numbered(Number.MAX_SAFE_INTEGER, later(1)));
    await mesh.ring.rotate('key-2', later(2));
    const next = await taken(state, await mesh.chain(later(2), AT_ENROLMENT), later(2));
    expect(next.ring).toMatchObject({ epoch: 2, activeKeyId: 'key-2' });
  });

  test('an earlier one brings back no key that a later one dropped', async () => {
    await mesh.ring.rotate('key-2', NOW);
    const before = await taken(enrolled, await mesh.chain(later(1), AT_ENROLMENT), later(1));
    const captured = await mesh.bundle(later(2));
    mesh.ring.close();
    const closed = await taken(before, await mesh.chain(later(2), AT_ENROLMENT), later(2));
    expect(names((await shown(closed, captured)).state)).toEqual(['key-2']);
  });
});

test('a key that a bundle names and no statement proves stays untrusted, and is no reason to refuse', async () => {
  await mesh.ring.rotate('key-2', NOW);
  const anchor = mesh.ring.anchor();
  const stranger = (await TestMesh.create(NOW)).ring.anchor().keys[0]!;
  const keys = [...anchor.keys, { ...stranger, key_id: 'stranger' }];
  const bundle = await mesh.bundle(NOW, mesh.platform.active, { ...anchor, keys });
  expect(names(await taken(enrolled, await mesh.chain(NOW, AT_ENROLMENT, { bundle })))).toEqual(['key-2', 'key-1']);
});

test('statements that the Node has taken since it asked are passed over', async () => {
  await sleepThrough(1);
  const state = await taken(enrolled, await mesh.chain(NOW, AT_ENROLMENT));
  await sleepThrough(1);
  expect(names(await taken(state, await mesh.chain(NOW, AT_ENROLMENT)))).toEqual(['key-3', 'key-2']);
});

test('the chain that a Node has taken, again, is superseded', async () => {
  await sleepThrough(1);
  const chain = await mesh.chain(NOW, AT_ENROLMENT);
  const state = await taken(enrolled, chain);
  await expect(takeChain(state, chain, NOW)).resolves.toEqual({ kind: 'superseded', state });
});

describe('refused', () => {
  let first: TestKey;

  beforeEach(async () => {
    first = mesh.platform.active;
    await sleepThrough(2);
  });

  test('a bundle by a platform key that the chain has retired', async () => {
    const bundle = await mesh.bundle(later(10), first);
    const chain = await mesh.chain(later(10), AT_ENROLMENT, { bundle });
    await expect(refusal(enrolled, chain, later(10))).resolves.toBe('bundle_foreign');
  });

  test("a bundle by the Domain's own key", async () => {
    const bundle = await mesh.bundle(NOW, mesh.ring.active);
    await expect(refusal(enrolled, await mesh.chain(NOW, AT_ENROLMENT, { bundle }))).resolves.toBe('bundle_foreign');
  });

  test('a bundle more than five minutes old', async () => {
    const chain = await mesh.chain(NOW, AT_ENROLMENT);
    await expect(takeChain(enrolled, chain, later(5))).resolves.toMatchObject({ kind: 'taken' });
    await expect(refusal(enrolled, chain, new Date(later(5).getTime() + 1))).resolves.toBe('bundle_stale');
  });

  test('a chain cut short of the head that the bundle names', async () => {
    const statements = mesh.ring.statementsSince(1).slice(0, -1);
    await expect(refusal(enrolled, await mesh.chain(NOW, AT_ENROLMENT, { statements }))).resolves.toBe(
      'bundle_foreign',
    );
  });

  test('a chain with a link missing', async () => {
    const statements = mesh.ring.statementsSince(1).slice(1);
    await expect(refusal(enrolled, await mesh.chain(NOW, AT_ENROLMENT, { statements }))).resolves.toBe('gap');
  });

  test('a bundle that names another head than the statements end in', async () => {
    const anchor = { ...mesh.ring.anchor(), statement_hash: mesh.platform.statementHash };
    const bundle = await mesh.bundle(NOW, mesh.platform.active, anchor);
    await expect(refusal(enrolled, await mesh.chain(NOW, AT_ENROLMENT, { bundle }))).resolves.toBe('bundle_foreign');
  });

  test("another Domain's chain", async () => {
    const chain = await mesh.chain(NOW, AT_ENROLMENT);
    const state = { ...enrolled, scope: 'domain:9f1c2b52-7a43-4a1f-8f5e-3f4f3d1a9e11' };
    await expect(refusal(state, chain)).resolves.toBe('wrong_scope');
  });

  test.each(['', '[]', '{}', '{"platform_statements":[],"statements":[]}', '{"statements":1}'])(
    'what is no chain: %s',
    (text) => expect(refusal(enrolled, text)).resolves.toBe('malformed'),
  );

  test('a chain without its bundle, as it is served while the bus is down', async () => {
    await expect(refusal(enrolled, await mesh.chain(NOW, AT_ENROLMENT, { bundle: '' }))).resolves.toBe('malformed');
  });
});
