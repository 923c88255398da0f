/** Whose word counts for a statement that follows: every signer that there is, for every type, in both rings. */
import { forgedStatement, testKey, TestRings, type TestKey, type TestRing } from '@plexsphere/testkit';
import { publicKeyFromText, publicText } from '../algorithms';
import { PLATFORM } from '../scope';
import { activeKeyOf, anchorOfBundle, type ChainAnchor } from './anchor';
import { startChain, walkChain } from './chain';
import type { Statement } from './statement';
import { STATEMENT_TYPES, type StatementType } from './statement-types';

const DOMAIN = 'domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';
const NOW = new Date('2026-03-01T12:00:00Z');
const LATER = '2026-03-02T12:00:00.000Z';
const refused = (code: unknown): Error => expect.objectContaining({ name: 'JwsError', code }) as Error;

let rings: TestRings;
let platform: TestRing;

/** A ring with a key beside the active one: a retiring one, or a staged one where the statement is about that. */
async function ringFor(scope: string, type: StatementType): Promise<TestRing> {
  const ring = rings.of(scope);
  if (ring.retiring !== undefined) ring.close();
  if (type === 'unstage') await ring.stage(`${scope.slice(0, 2)}-staged`, NOW);
  else await ring.rotate(`${scope.slice(0, 2)}-2`, NOW);
  return ring;
}

const anchorOf = (ring: TestRing): ChainAnchor => anchorOfBundle(ring.anchor(), NOW.toISOString());
const beside = (ring: TestRing): TestKey => (ring.retiring ?? ring.staged)!;

beforeEach(async () => {
  rings = new TestRings();
  platform = await rings.create(PLATFORM, 'platform-1', NOW);
  await rings.create(DOMAIN, 'a', NOW);
  await platform.rotate('platform-2', NOW);
});

const SIGNERS = {
  'its active key': (ring: TestRing) => ring.active,
  'the key beside it': (ring: TestRing) => beside(ring),
  'the new key': (_: TestRing, fresh: TestKey) => fresh,
  'the key ahead': (ring: TestRing) => ({ ...ring.ahead, keyId: ring.active.keyId }),
  'the platform’s active key': () => platform.active,
  'the platform’s retiring key': () => platform.retiring ?? platform.keys[0]!,
  'the recovery key': () => rings.recovery,
  'another recovery key': () => testKey('recovery'),
  'a stranger under the active key’s name': (ring: TestRing) => ({ ...testKey('x'), keyId: ring.active.keyId }),
  'a stranger under the platform key’s name': () => ({ ...testKey('x'), keyId: platform.active.keyId }),
};
type Signer = keyof typeof SIGNERS;

/** In DESIGN's words: rotate, stage, unstage the active key; the rest the platform key; of platform the recovery key. */
const ALLOWED: Record<string, Signer[]> = {
  'domain rotate': ['its active key'],
  'domain stage': ['its active key'],
  'domain unstage': ['its active key', 'the new key'],
  'domain rollback': ['the platform’s active key'],
  'domain revoke': ['the platform’s active key'],
  'domain recommit': ['the platform’s active key'],
  'platform rotate': ['its active key', 'the platform’s active key'],
  'platform stage': ['its active key', 'the platform’s active key'],
  'platform unstage': ['its active key', 'the platform’s active key', 'the new key'],
  'platform rollback': ['its active key', 'the platform’s active key', 'the recovery key'],
  'platform revoke': ['the recovery key'],
  'platform recommit': ['the recovery key'],
  'platform recovery': ['the recovery key'],
};

/** What an honest ring would say next, unsigned; `fresh` is its `new`. */
function statementOf(ring: TestRing, type: StatementType): { statement: Statement; fresh: TestKey; isNew: boolean } {
  const ahead = { ...ring.ahead, keyId: 'ahead' };
  const pairs: Record<StatementType, [TestKey, TestKey, boolean]> = {
    create: [ring.active, ahead, true],
    rotate: [ring.active, ahead, true],
    stage: [ring.active, ahead, true],
    unstage: [beside(ring), ring.active, false],
    rollback: [ring.active, beside(ring), false],
    revoke: [ring.active, testKey('fresh'), true],
    recommit: [ring.active, ring.active, false],
    recovery: [rings.recovery, testKey('recovery-2'), true],
    import: [ring.active, testKey('foreign'), false],
  };
  const [old, fresh, isNew] = pairs[type];
  const { closes, expires, next } = STATEMENT_TYPES[type];
  const statement = ring.following(type, {
    old_key_id: old.keyId,
    old_public_key: publicText(old.privateKey),
    new_key_id: fresh.keyId,
    new_public_key: publicText(fresh.privateKey),
    opened_at: NOW.toISOString(),
    closes_at: closes ? LATER : null,
    transition_expires: expires ? LATER : null,
    next: next === 'kept' ? ring.next : Buffer.alloc(32, 9).toString('base64url'),
  });
  return { statement, fresh, isNew };
}

/** As a verifier that holds both rings asks. */
const superiorOf = (ring: TestRing) => () =>
  ring === platform
    ? { publicKey: publicKeyFromText(publicText(rings.recovery.privateKey)) }
    : activeKeyOf(anchorOf(platform));

const cases = Object.keys(ALLOWED).flatMap((ofRing) =>
  Object.keys(SIGNERS).map((signer) => {
    const [kind, type] = ofRing.split(' ') as [string, StatementType];
    return { ofRing, scope: kind === PLATFORM ? PLATFORM : DOMAIN, type, signer: signer as Signer };
  }),
);

test.each(cases)('$ofRing by $signer', async ({ ofRing, scope, type, signer }) => {
  const ring = await ringFor(scope, type);
  const { statement, fresh, isNew } = statementOf(ring, type);
  const by = SIGNERS[signer](ring, fresh);
  const text = forgedStatement(statement, by, isNew ? fresh : null);
  const walk = (): ChainAnchor => walkChain(scope, [text], anchorOf(ring), superiorOf(ring));
  if (ALLOWED[ofRing]!.includes(signer)) expect(walk()).toMatchObject({ headEpoch: statement.epoch });
  else expect(walk).toThrow(refused(expect.stringMatching(/^(foreign_authority|signature_invalid)$/)));
});

test('where the verifier knows no superior, a statement by one is refused', async () => {
  const ring = await ringFor(DOMAIN, 'revoke');
  const { statement, fresh } = statementOf(ring, 'revoke');
  const text = forgedStatement(statement, platform.active, fresh);
  expect(() => walkChain(DOMAIN, [text], anchorOf(ring), () => undefined)).toThrow(refused('foreign_authority'));
});

test('a key goes by the name that the verifier knows it by', async () => {
  const ring = await ringFor(DOMAIN, 'revoke');
  const { statement, fresh } = statementOf(ring, 'revoke');
  const text = forgedStatement(statement, { ...platform.active, keyId: 'another' }, fresh);
  expect(() => walkChain(DOMAIN, [text], anchorOf(ring), superiorOf(ring))).toThrow(refused('foreign_authority'));
});

test('the new key’s signature is looked at, too', async () => {
  const ring = await ringFor(DOMAIN, 'rotate');
  const { statement, fresh } = statementOf(ring, 'rotate');
  const text = forgedStatement(statement, ring.active, { ...testKey('x'), keyId: fresh.keyId });
  expect(() => walkChain(DOMAIN, [text], anchorOf(ring), superiorOf(ring))).toThrow(refused('signature_invalid'));
});

describe('a chain from its beginning', () => {
  const recovery = () => ({ publicKey: rings.recovery.privateKey.publicKey });

  test('leads where the ring is', async () => {
    platform.close();
    await platform.stage('platform-3', NOW);
    await platform.unstage(NOW);
    const [first, ...others] = platform.statements.map(({ text }) => text);
    const end = walkChain(PLATFORM, others, startChain(first!, recovery()), recovery);
    const { issuedAt, ...here } = anchorOf(platform);
    expect(issuedAt).toBeDefined();
    expect(end).toMatchObject({ ...here, keys: end.keys, epoch: platform.headEpoch, superiorEpoch: 1 });
    expect(end.keys.map(({ keyId }) => keyId)).toEqual(platform.trusted.map(({ keyId }) => keyId));
  });

  test('begins with the first statement, by the superior', () => {
    const [first, second] = platform.statements.map(({ text }) => text);
    expect(() => startChain(second!, recovery())).toThrow(refused('gap'));
    expect(() => startChain(first!, { publicKey: platform.active.privateKey.publicKey })).toThrow(
      refused('signature_invalid'),
    );
  });
});
