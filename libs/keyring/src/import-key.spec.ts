import { importKey, type ImportKey } from './import-key';
import { activeKey, createRing, type KeyRing } from './key-ring';
import { nextStep, type RingFacts } from './next-step';
import { counted } from './progress';
import { Refusal } from './refusal';
import { revokeKey } from './revoke';
import { settleRollback } from './rollback';
import { openRotation } from './rotation';
import { scopePolicy } from './scope-policy';
import { stageKey } from './stage';
import { trustedKeys } from './trusted-keys';

const SECOND_MS = 1_000;
const at = (seconds: number): Date => new Date(Date.parse('2026-01-01T00:00:00Z') + seconds * SECOND_MS);
const ISSUER = scopePolicy('issuer');
const SPANS = { overlapWindowMs: 100 * SECOND_MS, clockSkewMs: 5 * SECOND_MS, propagationDelayMs: 10 * SECOND_MS };
const tokens = { longestTokenMs: 60 * SECOND_MS, leaseMs: SECOND_MS };
const born = createRing('issuer:web', 'a', tokens);
const asked: ImportKey = {
  ...{ keyId: 'f', kid: 'old#1', signsUntil: at(100), tokenLifeMs: 50 * SECOND_MS, at: at(0) },
  ...{ clockSkewMs: SPANS.clockSkewMs, ofItsType: [], isMadeOfItsType: false },
};
const imported = (ring: KeyRing = born, over: Partial<ImportKey> = {}) =>
  importKey(ring, null, { ...asked, ...over }, ISSUER);
const foreignOf = ({ keys }: KeyRing) => keys.find(({ keyId }) => keyId === 'f');

function refusalOf(command: () => unknown): { code: string; members: Record<string, unknown> } {
  try {
    command();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('was not refused');
}

it('verifies until its last token is over by every clock, and then goes by itself', () => {
  const { ring, statement, change, gone } = imported();
  expect(activeKey(ring).keyId).toBe('a');
  expect(foreignOf(ring)).toMatchObject({ state: 'retiring', tokensUntil: at(150), verifiesUntil: at(155) });
  expect({ change, gone, statement }).toMatchObject({
    ...{ change: 'import', gone: [] },
    statement: { oldKeyId: 'a', newKeyId: 'f', introduces: false, bySuperior: true, transitionExpires: at(155) },
  });
  expect([ring.epoch, ring.trustEpoch]).toEqual([2, 2]);
  const verifying = (seconds: number) => trustedKeys(ring.keys, ISSUER, at(seconds)).map(({ keyId }) => keyId);
  expect([verifying(154.999), verifying(155)]).toEqual([['a', 'f'], ['a']]);
  const facts = {
    switchedEpoch: 2,
    undestroyed: [],
    promotion: null,
    stagedAlgorithm: null,
    scheduledSince: at(0),
    members: [],
  };
  const policy = { ...ISSUER, standby: false, rotateEvery: null, close: 'manual', clockSkewMs: 0 } as const;
  const all = { ...policy, propagationDelayMs: 0, bothForMs: 0, nextFiring: () => null };
  const progress = { enrolled: 0, applied: 0, pending: counted([]), lagging: counted([]) };
  const step = (seconds: number) => nextStep(ring, null, all, { ...facts, progress } as RingFacts, at(seconds))?.step;
  expect([step(154), step(155)]).toEqual([undefined, 'settle']);
  expect(foreignOf(settleRollback(ring, null, at(155)).ring)?.state).toBe('retired');
});

it('is moved to later, and never to earlier, whichever of the two times says so', () => {
  const { ring } = imported();
  const later = imported(ring, { signsUntil: at(200) });
  expect(foreignOf(later.ring)).toMatchObject({ tokensUntil: at(250), verifiesUntil: at(255) });
  expect(later.ring.keys).toHaveLength(2);
  expect(later.ring.epoch).toBe(3);
  for (const over of [
    { signsUntil: at(99) },
    { tokenLifeMs: 49 * SECOND_MS },
    { signsUntil: at(90), tokenLifeMs: 59 * SECOND_MS },
  ])
    expect(refusalOf(() => imported(ring, over))).toMatchObject({
      ...{
        code: 'tokens_end_earlier',
        members: { field: 'foreignSignsUntil', tokensUntil: at(150), reason: expect.any(String) },
      },
    });
  expect(foreignOf(imported(ring, { kid: 'old#2' }).ring)?.foreign?.kid).toBe('old#2');
});

it.each<[string, Partial<ImportKey>, string]>([
  ['tokens that are over', { signsUntil: at(-60) }, 'foreignSignsUntil'],
  ['a time that is none', { signsUntil: new Date(NaN) }, 'foreignSignsUntil'],
  ['a year that somebody mistyped', { signsUntil: at(367 * 86_400) }, 'foreignSignsUntil'],
  ['no life', { tokenLifeMs: 0 }, 'foreignTokenLife'],
  ['a life of years', { tokenLifeMs: 367 * 86_400_000 }, 'foreignTokenLife'],
])('is refused with %s', (_, over, field) => {
  expect(refusalOf(() => imported(born, over))).toMatchObject({ code: 'invariant_violation', members: { field } });
});

it('is of rings whose keys sign tokens, and of no other', () => {
  const domain = createRing('domain:1', 'a');
  const importing = () => importKey(domain, null, asked, scopePolicy('domain'));
  expect(refusalOf(importing)).toMatchObject({
    code: 'invariant_violation',
    members: { field: 'scope', reason: 'its keys sign no tokens' },
  });
});

it('never comes back once it was thrown out, and is never one of our own', () => {
  const { ring } = imported();
  const revoking = { ...SPANS, keyId: 'f', newKeyId: 'n', discardStaged: false, at: at(1), tokens };
  const revoked = revokeKey(ring, null, revoking, ISSUER);
  expect(activeKey(revoked.ring).keyId).toBe('a');
  expect(refusalOf(() => imported(revoked.ring)).code).toBe('key_revoked');
  expect(refusalOf(() => imported(settleRollback(ring, null, at(155)).ring)).code).toBe('key_retired');
  expect(refusalOf(() => imported(born, { keyId: 'a' })).code).toBe('key_id_in_use');
});

it('shares no name: neither with a key that is there, nor one that comes', () => {
  const { ring } = imported();
  expect(refusalOf(() => imported(born, { kid: 'a' })).code).toBe('key_id_in_use');
  expect(refusalOf(() => imported(ring, { keyId: 'g' }))).toMatchObject({
    ...{ code: 'key_id_in_use', members: { newKeyId: 'old#1' } },
  });
  const staging = { ...SPANS, newKeyId: 'old#1', stagedAt: at(0), rotateBy: at(60) };
  expect(refusalOf(() => stageKey(ring, null, staging, ISSUER)).code).toBe('key_id_in_use');
  const settled = settleRollback(ring, null, at(155)).ring;
  expect(stageKey(settled, null, staging, ISSUER).ring.keys).toHaveLength(3);
});

describe('one whose tokens name no key', () => {
  it.each<[string, Partial<ImportKey>, string[]]>([
    ['beside a key of its type', { ofItsType: ['a'] }, ['a']],
    ['where the ring makes keys of its type', { isMadeOfItsType: true }, []],
  ])('is refused %s', (_, over, keyIds) => {
    expect(refusalOf(() => imported(born, { kid: null, ...over }))).toMatchObject({
      ...{ code: 'other_key_of_type', members: { keyIds } },
    });
    // Whoever reads names tells them apart.
    expect(imported(born, over).ring.keys).toHaveLength(2);
  });

  it('stands alone of its type from then on, as long as it verifies', () => {
    const { ring } = imported(born, { kid: null });
    const another = (of: KeyRing) => imported(of, { keyId: 'g', kid: 'g', ofItsType: ['f'] });
    expect(refusalOf(() => another(ring))).toMatchObject({ code: 'other_key_of_type', members: { keyIds: ['f'] } });
    const settled = settleRollback(ring, null, at(155)).ring;
    expect(another(settled).ring.keys).toHaveLength(3);
  });
});

it('is in the way of nothing: a rotation opens beside it and leaves it alone', () => {
  const { ring } = imported();
  const staged = stageKey(ring, null, { ...SPANS, newKeyId: 'b', stagedAt: at(0), rotateBy: at(60) }, ISSUER).ring;
  const published = { ...staged, keys: staged.keys.map((key) => ({ ...key, publishedAt: at(0) })) };
  const { ring: rotated } = openRotation(published, null, { ...SPANS, openedAt: at(20), tokens }, ISSUER);
  expect(rotated.keys.map(({ keyId, state }) => `${keyId} ${state}`)).toEqual(['a retiring', 'f retiring', 'b active']);
  expect(foreignOf(rotated)).toEqual(foreignOf(published));
});

it('finds no room beyond what a key set may hold', () => {
  const full = Array.from({ length: ISSUER.mostTrusted - 1 }).reduce<KeyRing>(
    (ring, _, index) => imported(ring, { keyId: `f${index}`, kid: `k${index}` }).ring,
    born,
  );
  expect(refusalOf(() => imported(full))).toMatchObject({ code: 'invariant_violation', members: { field: 'keys' } });
});
