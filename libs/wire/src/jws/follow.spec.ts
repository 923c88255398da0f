/** Which statement may follow what is held, whose key it needs, and what is held then: a rule a test, no signature. */
import { testKey, TestRings, type TestKey, type TestRing } from '@plexsphere/testkit';
import { publicText } from '../algorithms';
import { PLATFORM } from '../scope';
import { anchorOfBundle, type ChainAnchor } from './anchor';
import { anchorAfter, requireFollows } from './follow';
import { keyHash, type Statement } from './statement';
import { STATEMENT_TYPES, type StatementType } from './statement-types';

const DOMAIN = 'domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';
const NOW = new Date('2026-03-01T12:00:00Z');
const LATER = '2026-03-02T12:00:00.000Z';
const hash = (byte: number): string => Buffer.alloc(32, byte).toString('base64url');
const refused = (code: string): Error => expect.objectContaining({ name: 'JwsError', code }) as Error;

let rings: TestRings;
let ring: TestRing;
let stranger: TestKey;

beforeEach(async () => {
  rings = new TestRings();
  await rings.create(PLATFORM, 'platform-1', NOW);
  ring = await rings.create(DOMAIN, 'a', NOW);
  stranger = testKey('stranger');
});

const anchorOf = (of = ring): ChainAnchor => anchorOfBundle(of.anchor(), NOW.toISOString());
const keyIds = ({ keys }: ChainAnchor): string[] => keys.map(({ keyId }) => keyId);

/** Of this type, between these keys, right in all else. */
function statementOf(type: StatementType, old: TestKey, fresh: TestKey, changes: Partial<Statement> = {}): Statement {
  const { closes, expires, next } = STATEMENT_TYPES[type];
  return ring.following(type, {
    old_key_id: old.keyId,
    old_public_key: publicText(old.privateKey),
    new_key_id: fresh.keyId,
    new_public_key: publicText(fresh.privateKey),
    opened_at: NOW.toISOString(),
    closes_at: closes ? LATER : null,
    transition_expires: expires ? LATER : null,
    next: next === 'kept' ? ring.next : hash(9),
    ...changes,
  });
}

const follows = (statement: Statement, isNewKeySigned: boolean, anchor = anchorOf(), scope = ring.scope) =>
  requireFollows(scope, anchor, statement, isNewKeySigned);

/** The key ahead, under a name. */
const ahead = (keyId = 'b'): TestKey => ({ ...ring.ahead, keyId });

describe('where it stands', () => {
  const rotation = (changes: Partial<Statement>): Statement => statementOf('rotate', ring.active, ahead(), changes);

  test('after the head, at any later epoch: changes without a statement lie between', () => {
    for (const epoch of [2, 7, Number.MAX_SAFE_INTEGER]) expect(follows(rotation({ epoch }), true)).toEqual(['active']);
  });

  test.each<[string, Partial<Statement>]>([
    ['wrong_scope', { scope: PLATFORM }],
    ['gap', { previous: hash(8) }],
    ['fork', { previous: hash(8), epoch: 1 }],
    ['epoch_back', { epoch: 1 }],
  ])('%s: %j', (code, changes) => {
    expect(() => follows(rotation(changes), true)).toThrow(refused(code));
  });

  test('not by the number of progress, which a bundle may have wrong', () => {
    expect(follows(rotation({}), true, { ...anchorOf(), epoch: Number.MAX_SAFE_INTEGER })).toEqual(['active']);
  });

  test('a first statement follows nothing', () => {
    const first = statementOf('rotate', ring.active, ahead(), { type: 'create', previous: null });
    expect(() => follows(first, true)).toThrow(refused('gap'));
  });
});

describe('which keys', () => {
  const ROLES = ['active', 'staged', 'retiring', 'absent'] as const;
  type Role = (typeof ROLES)[number];

  /** Every pair of roles, with and without the new key's signature, of each type: the table's and no other. */
  const tries = (['rotate', 'stage', 'unstage', 'rollback', 'revoke', 'recommit'] as const).flatMap((type) =>
    ROLES.flatMap((old) => ROLES.flatMap((fresh) => [true, false].map((isSigned) => ({ type, old, fresh, isSigned })))),
  );

  /** Taken from DESIGN's words and not from the table. */
  const allowed = new Set([
    'rotate active>absent signed',
    'rotate active>staged',
    'stage active>absent signed',
    'unstage staged>active',
    'rollback active>retiring',
    'rollback active>absent',
    'revoke active>absent signed',
    'revoke active>staged',
    'revoke staged>active',
    'revoke retiring>active',
    'revoke absent>active',
    'recommit active>active',
  ]);

  async function keyIn(role: Role, isNew: boolean): Promise<TestKey> {
    if (role === 'staged' && ring.staged === undefined) await ring.stage('s', NOW);
    if (role === 'retiring' && ring.retiring === undefined) await ring.rotate('b', NOW);
    const held = { active: ring.active, staged: ring.staged, retiring: ring.retiring, absent: undefined }[role];
    return held ?? (isNew ? ahead('n') : stranger);
  }

  test.each(tries)('$type from a key that is $old to one that is $fresh, signed by it: $isSigned', async (each) => {
    const { type, old, fresh, isSigned } = each;
    const roles = [old, fresh];
    if (roles.includes('staged') && roles.includes('retiring')) return; // No ring of a mesh has both.
    if (old === fresh && old !== 'active' && old !== 'absent') return;
    for (const role of ['retiring', 'staged', 'active', 'absent'] as const) {
      if (roles.includes(role)) await keyIn(role, false);
    }
    const [from, to] = [await keyIn(old, false), await keyIn(fresh, true)];
    const isKept = STATEMENT_TYPES[type].next === 'kept' || (type === 'rotate' && fresh === 'staged');
    const statement = statementOf(type, from, to, { next: isKept ? ring.next : hash(9) });
    const attempt = (): unknown => follows(statement, isSigned);
    if (allowed.has(`${type} ${old}>${fresh}${isSigned ? ' signed' : ''}`)) expect(attempt()).toBeDefined();
    else expect(attempt).toThrow(refused(expect.not.stringMatching(/^(gap|fork|next_not_kept)$/) as string));
  });

  test.each<[string, () => [Statement, boolean]]>([
    ['signature_missing', () => [statementOf('rotate', ring.active, ahead()), false]],
    ['signature_missing', () => [statementOf('revoke', ring.active, stranger), false]],
    ['foreign_authority', () => [statementOf('rotate', stranger, ahead()), true]],
    ['foreign_authority', () => [statementOf('stage', stranger, ahead()), true]],
    ['revoked', () => [statementOf('revoke', ring.active, stranger, { old_key_id: 'x' }), true]],
    ['revoked', () => [statementOf('unstage', stranger, ring.active), false]],
    ['revoked', () => [statementOf('recommit', stranger, stranger), false]],
  ])('%s', (code, make) => {
    expect(() => follows(...make())).toThrow(refused(code));
  });

  test('signature_too_many: a key that is held has nothing to prove', async () => {
    await ring.stage('s', NOW);
    const statement = statementOf('rotate', ring.active, ring.staged!, { next: ring.next });
    expect(follows(statement, false)).toEqual(['active']);
    expect(() => follows(statement, true)).toThrow(refused('signature_too_many'));
  });

  test('a key is the one that is held by its name and its bytes, not by one of them', async () => {
    await ring.stage('s', NOW);
    const { staged } = ring;
    for (const impostor of [
      { ...staged!, keyId: 't' },
      { ...stranger, keyId: 's' },
    ]) {
      const statement = statementOf('rotate', ring.active, impostor, { next: ring.next });
      expect(() => follows(statement, false)).toThrow(refused('signature_missing'));
    }
  });

  test('a retiring key signs again by rollback alone, never by a rotation back to it', async () => {
    await ring.rotate('b', NOW);
    const back = statementOf('rotate', ring.active, ring.retiring!, { next: ring.next });
    expect(() => follows(back, false)).toThrow(refused('revoked'));
    expect(follows(statementOf('rollback', ring.active, ring.retiring!), false)).toEqual(['superior']);
  });
});

describe('the key ahead', () => {
  test.each(['rotate', 'stage'] as const)('%s introduces the one that was committed to, and no other', (type) => {
    expect(follows(statementOf(type, ring.active, ahead()), true)).toEqual(['active']);
    const other = statementOf(type, ring.active, stranger);
    expect(() => follows(other, true)).toThrow(refused('next_not_kept'));
  });

  test('whoever uses the commitment makes another', () => {
    for (const next of [ring.next, null]) {
      const same = statementOf('rotate', ring.active, ahead(), { next });
      expect(() => follows(same, true)).toThrow(refused('next_not_kept'));
    }
  });

  const MADE_ANEW: [StatementType, () => TestKey, boolean][] = [
    ['revoke', () => stranger, true],
    ['recommit', () => ring.active, false],
  ];
  test.each(MADE_ANEW)('%s brings in any key, and never keeps the former commitment', (type, fresh, isSigned) => {
    expect(follows(statementOf(type, ring.active, fresh()), isSigned)).toEqual(['superior']);
    for (const next of [ring.next, null]) {
      const kept = statementOf(type, ring.active, fresh(), { next });
      expect(() => follows(kept, isSigned)).toThrow(refused('next_not_kept'));
    }
  });

  test('unstage, rollback, recovery and the rotation to a staged key keep it to the byte', async () => {
    await ring.rotate('b', NOW);
    const rollback = (next: string) => statementOf('rollback', ring.active, ring.retiring!, { next });
    expect(follows(rollback(ring.next), false)).toBeDefined();
    expect(() => follows(rollback(hash(9)), false)).toThrow(refused('next_not_kept'));
    ring.close();
    await ring.stage('s', NOW);
    for (const statement of [
      (next: string) => statementOf('unstage', ring.staged!, ring.active, { next }),
      (next: string) => statementOf('rotate', ring.active, ring.staged!, { next }),
    ]) {
      expect(follows(statement(ring.next), false)).toBeDefined();
      expect(() => follows(statement(hash(9)), false)).toThrow(refused('next_not_kept'));
    }
    ring = rings.of(PLATFORM);
    const recovery = (next: string) => statementOf('recovery', rings.recovery, stranger, { next });
    expect(follows(recovery(ring.next), true)).toEqual(['superior']);
    expect(() => follows(recovery(hash(9)), true)).toThrow(refused('next_not_kept'));
  });

  test('what one ring commits to, no other may take: it is held by whoever has its private half', () => {
    const foreign = { ...rings.of(PLATFORM).ahead, keyId: 'b' };
    expect(() => follows(statementOf('rotate', ring.active, foreign), true)).toThrow(refused('next_not_kept'));
  });
});

describe('whose word a rollback is', () => {
  beforeEach(async () => {
    ring = rings.of(PLATFORM);
    await ring.rotate('platform-2', NOW);
  });

  test('of platform the active key’s, which goes, or the recovery key’s', () => {
    expect(follows(statementOf('rollback', ring.active, ring.retiring!), false)).toEqual(['active', 'superior']);
  });

  test('the recovery key’s alone where the verifier dropped the key that comes back, else a thief’s could come', () => {
    const dropped = { ...anchorOf(), keys: anchorOf().keys.slice(0, 1) };
    expect(follows(statementOf('rollback', ring.active, ring.retiring!), false, dropped)).toEqual(['superior']);
    expect(follows(statementOf('rollback', ring.active, stranger), false)).toEqual(['superior']);
  });
});

describe('what is held then, whatever was held before', () => {
  type Case = [string, (make: TestRing) => Promise<void>, string[], string, string | null];
  const cases: Case[] = [
    ['create', async () => undefined, ['a'], 'a', null],
    ['rotate of a new key', (r) => r.rotate('b', NOW), ['b', 'a'], 'b', null],
    ['stage', (r) => r.stage('s', NOW), ['a', 's'], 'a', 's'],
    ['rotate of the staged key', async (r) => (await r.stage('s', NOW), r.rotate('s', NOW)), ['s', 'a'], 's', null],
    ['unstage', async (r) => (await r.stage('s', NOW), r.unstage(NOW)), ['a'], 'a', null],
    ['rollback', async (r) => (await r.rotate('b', NOW), r.rollback(NOW)), ['a', 'b'], 'a', null],
    ['revoke of the active key', (r) => r.revoke('a', NOW, 'n'), ['n'], 'n', null],
    [
      'revoke, a staged one takes over',
      async (r) => (await r.stage('s', NOW), r.revoke('a', NOW, 's')),
      ['s'],
      's',
      null,
    ],
    ['revoke of the staged key', async (r) => (await r.stage('s', NOW), r.revoke('s', NOW)), ['a'], 'a', null],
    ['revoke of the retiring key', async (r) => (await r.rotate('b', NOW), r.revoke('a', NOW)), ['b'], 'b', null],
    ['recommit', async (r) => (await r.rotate('b', NOW), r.recommit(NOW)), ['b', 'a'], 'b', null],
    ['recommit while one is staged', async (r) => (await r.stage('s', NOW), r.recommit(NOW)), ['a', 's'], 'a', 's'],
  ];

  test.each(cases)('%s', async (_, make, keys, activeKeyId, stagedKeyId) => {
    let held = anchorOf();
    const from = ring.epoch;
    await make(ring);
    for (const text of ring.statementsSince(from)) {
      const { payload } = JSON.parse(text) as { payload: string };
      const statement = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Statement;
      held = anchorAfter(statement, hash(statement.epoch), 'active', held);
    }
    expect(held).toMatchObject({ activeKeyId, stagedKeyId, headEpoch: ring.headEpoch, next: ring.next });
    expect(keyIds(held)).toEqual(keys);
    expect(held.keys.map(({ notAfter }) => notAfter ?? null)).toEqual(
      anchorOf().keys.map(({ notAfter }) => notAfter ?? null),
    );
    expect(held.keys.map(({ publicKey }) => publicKey.text)).toEqual(
      anchorOf().keys.map(({ publicKey }) => publicKey.text),
    );
  });

  test('after a recovery: the ring as it was, and a new head', async () => {
    ring = rings.of(PLATFORM);
    const before = anchorOf();
    const statement = statementOf('recovery', rings.recovery, stranger);
    const after = anchorAfter(statement, hash(5), 'superior', before);
    const openedAt = new Date(statement.opened_at);
    expect(after).toEqual({ ...before, statementHash: hash(5), headEpoch: 2, superiorEpoch: 2, epoch: 2, openedAt });
  });

  test('a hash of a key is that of its raw bytes', () => {
    expect(keyHash(Buffer.alloc(32).toString('base64'))).toBe('Zmh6rfhivXdsj8GLjp-OIAiXFIVu4jOzkCpZHQ1fKSU');
  });
});
