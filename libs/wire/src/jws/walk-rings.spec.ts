/** Chain messages as a relay makes them, and as thieves do: what a verifier of each kind comes to hold. */
import {
  chainLists,
  forgedStatement,
  testKey,
  TestRings,
  type ChainLists,
  type TestKey,
  type TestRing,
} from '@plexsphere/testkit';
import { publicText } from '../algorithms';
import { PLATFORM } from '../scope';
import { anchorOfBundle, type ChainAnchor } from './anchor';
import { JwsError } from './jws-error';
import { encodeObject } from './encoding';
import { readStatement, statementHash } from './statement-signatures';
import { walkChain } from './chain';
import { readBundle, type TrustAnchor } from './trust-bundle';
import { beginRings, endRings, walkRings, type HeldRings } from './walk-rings';

const DOMAIN = 'domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b1';
const NOW = new Date('2026-03-01T12:00:00Z');
const later = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1_000);

let rings: TestRings;
let platform: TestRing;
let domain: TestRing;

beforeEach(async () => {
  rings = new TestRings();
  platform = await rings.create(PLATFORM, 'platform-1', NOW);
  domain = await rings.create(DOMAIN, 'a', NOW);
});

async function enrolled(scope = DOMAIN, from = rings): Promise<HeldRings> {
  const bundle = readBundle(await from.bundle(scope, NOW));
  const { recovery_public_key: recoveryPublicKey, issued_at: at } = bundle;
  return {
    ...{ scope, recoveryPublicKey },
    ring: anchorOfBundle(bundle, at),
    platform: anchorOfBundle(bundle.platform, at),
  };
}

interface Message {
  lists: ChainLists;
  bundle: string;
  now: Date;
  /** How many statements go in a part; all in one where it is left out. */
  size: number;
}

/** What a relay would send to one that was told so much. */
async function message(told: { epoch: number; platformEpoch: number }, members: Partial<Message> = {}, by = rings) {
  const { scope = DOMAIN } = members as { scope?: string };
  const now = members.now ?? NOW;
  return { lists: chainLists(by, scope, told), bundle: await by.bundle(scope, now), now, size: 256, ...members };
}

/** As a verifier takes it: part by part, and the whole or, of each ring, nothing. */
async function take(held: HeldRings, { lists, bundle, now, size }: Message): Promise<HeldRings & { refused?: string }> {
  let walk = beginRings(held);
  const all = [
    ...lists.platformStatements.map((text) => ({ text, isPlatforms: true })),
    ...lists.statements.map((text) => ({ text, isPlatforms: false })),
  ];
  for (let from = 0; from === 0 || from < all.length; from += size) {
    const part = all.slice(from, from + size);
    walk = walkRings(walk, {
      platformStatements: part.filter(({ isPlatforms }) => isPlatforms).map(({ text }) => text),
      statements: part.filter(({ isPlatforms }) => !isPlatforms).map(({ text }) => text),
    });
  }
  const { ring, ...others } = await endRings(walk, bundle, now);
  if (ring instanceof JwsError) return { ...held, ...others, refused: ring.code };
  return { ...held, ...others, ring };
}

const refusal = (taken: Promise<HeldRings & { refused?: string }>): Promise<string | undefined> =>
  taken.then(
    ({ refused }) => refused,
    (error: unknown) => (error instanceof JwsError ? error.code : Promise.reject(error)),
  );

const keyIds = ({ keys }: ChainAnchor): string[] => keys.map(({ keyId }) => keyId);

/** It is where the rings are. */
function expectOurs(held: HeldRings & { refused?: string }): void {
  expect(held.refused).toBeUndefined();
  expect(held.recoveryPublicKey).toBe(publicText(rings.recovery.privateKey));
  const own = rings.of(held.scope);
  for (const [anchor, ring] of [
    [held.ring, own],
    [held.platform, platform],
  ] as const) {
    const { activeKeyId, stagedKeyId, next, statementHash, headEpoch, epoch } = anchor;
    expect({ activeKeyId, stagedKeyId, next, statementHash, headEpoch, epoch }).toEqual({
      activeKeyId: ring.active.keyId,
      stagedKeyId: ring.staged?.keyId ?? null,
      next: ring.next,
      statementHash: ring.statementHash,
      headEpoch: ring.headEpoch,
      epoch: ring.epoch,
    });
    expect(anchor.keys.map(({ keyId, publicKey }) => [keyId, publicKey.text])).toEqual(
      ring.trusted.map(({ keyId, privateKey }) => [keyId, publicText(privateKey)]),
    );
  }
}

const AT_ENROLMENT = { epoch: 1, platformEpoch: 1 };
const FORKED = { epoch: 0, platformEpoch: 1 };
const PLATFORM_FORKED = { epoch: 1, platformEpoch: 0 };

describe('a verifier that slept', () => {
  const LIVES: [string, () => Promise<unknown>][] = [
    ['nothing', async () => undefined],
    ['a rotation of each', async () => (await domain.rotate('b', NOW), platform.rotate('platform-2', NOW))],
    ['a rotation and its close', async () => (await domain.rotate('b', NOW), domain.close())],
    ['a staged key', () => domain.stage('s', NOW)],
    ['a staged key that was rotated to', async () => (await domain.stage('s', NOW), domain.rotate('s', NOW))],
    ['a staged key that was taken back', async () => (await domain.stage('s', NOW), domain.unstage(NOW))],
    ['a rollback', async () => (await domain.rotate('b', NOW), domain.rollback(NOW))],
    [
      'a rollback and its end',
      async () => (await domain.rotate('b', NOW), await domain.rollback(NOW), domain.settle()),
    ],
    ['a revoke', () => domain.revoke('a', NOW, 'n')],
    ['a recommitment', () => domain.recommit(NOW)],
    ['a new recovery key', () => rings.changeRecoveryKey(testKey('recovery-2'), NOW)],
    ['a rollback of the platform', async () => (await platform.rotate('platform-2', NOW), platform.rollback(NOW))],
    [
      'one by its active key',
      async () => (await platform.rotate('platform-2', NOW), platform.rollback(NOW, 60_000, platform.active)),
    ],
    ['a revoke of the platform', () => platform.revoke('platform-1', NOW, 'platform-n')],
    [
      'a revoke of the platform by a recovery key that it has not heard of',
      async () => {
        await rings.changeRecoveryKey(testKey('recovery-2'), NOW);
        await platform.revoke('platform-1', NOW, 'platform-n');
        await rings.changeRecoveryKey(testKey('recovery-3'), NOW);
      },
    ],
    [
      'ten platform rotations between two rollbacks',
      async () => {
        await domain.rotate('b', NOW);
        await domain.rollback(NOW);
        domain.settle();
        for (let n = 2; n < 12; n += 1) await platform.rotate(`platform-${n}`, NOW);
        await domain.rotate('c', NOW);
        await domain.rollback(NOW);
      },
    ],
  ];

  test.each(LIVES)('%s', async (_, live) => {
    const [own, theirs] = [await enrolled(), await enrolled(PLATFORM)];
    await live();
    for (const size of [1, 2, 256]) expectOurs(await take(own, await message(AT_ENROLMENT, { size })));
    for (const size of [1, 256]) {
      const told = { ...AT_ENROLMENT };
      const forPlatform = await message(told, { size, scope: PLATFORM } as Partial<Message>);
      expectOurs(await take(theirs, forPlatform));
    }
  });

  test('is passed over what it took already, by the hash of its head and not by a number', async () => {
    await domain.rotate('b', NOW);
    const held = await take(await enrolled(), await message(AT_ENROLMENT));
    await domain.rotate('c', NOW);
    for (const epoch of [0, Number.MAX_SAFE_INTEGER]) {
      const wrong = { ...held, ring: { ...held.ring, epoch } };
      expectOurs(await take(wrong, await message(AT_ENROLMENT)));
    }
  });

  test('and heard of the platform since: its earlier keys are proven by hashes, back from its head', async () => {
    const held = await enrolled();
    await domain.rotate('b', NOW);
    await domain.rollback(NOW); // Vouched for by platform-1.
    for (const n of [2, 3, 4]) await platform.rotate(`platform-${n}`, NOW);
    const present = await enrolled();
    const behind = { ...present, ring: held.ring };
    const told = { epoch: 1, platformEpoch: platform.epoch };
    for (const size of [1, 2, 256]) expectOurs(await take(behind, await message(told, { size })));
    const cut = await message(told);
    const lists = { ...cut.lists, platformStatements: cut.lists.platformStatements.slice(-1) };
    await expect(refusal(take(behind, { ...cut, lists }))).resolves.toBe('foreign_authority');
  });

  test('the same over a change of the recovery key, which says nothing of the platform’s own', async () => {
    const held = await enrolled();
    await platform.rotate('platform-2', NOW);
    await domain.rotate('b', NOW);
    await domain.rollback(NOW);
    await rings.changeRecoveryKey(testKey('recovery-2'), NOW);
    await domain.recommit(NOW); // Vouched for at the epoch of the recovery: by the key that was active already.
    await platform.rotate('platform-3', NOW);
    expectOurs(await take(held, await message(AT_ENROLMENT)));
    const behind = { ...(await enrolled()), ring: held.ring };
    expectOurs(await take(behind, await message({ epoch: 1, platformEpoch: platform.epoch }, { size: 1 })));
  });
});

describe('refused', () => {
  beforeEach(async () => {
    started = await enrolled();
    for (const name of ['b', 'c', 'd']) await domain.rotate(name, NOW);
    for (const n of [2, 3]) await platform.rotate(`platform-${n}`, NOW);
  });

  let started: HeldRings;

  const changed = async (change: (lists: ChainLists) => ChainLists): Promise<string | undefined> => {
    const whole = await message(AT_ENROLMENT);
    return refusal(take(started, { ...whole, lists: change(whole.lists) }));
  };

  test('nothing of it, as it stands', async () => {
    expectOurs(await take(started, await message(AT_ENROLMENT)));
  });

  const own = (change: (texts: string[]) => string[]) => (lists: ChainLists) => ({
    ...lists,
    statements: change(lists.statements),
  });
  const theirs = (change: (texts: string[]) => string[]) => (lists: ChainLists) => ({
    ...lists,
    platformStatements: change(lists.platformStatements),
  });

  test.each<[string, string, (lists: ChainLists) => ChainLists]>([
    ['gap', 'one left out', own(([one, , three]) => [one!, three!])],
    ['gap', 'two in the wrong order', own(([one, two, three]) => [two!, one!, three!])],
    ['gap', 'one twice', own(([one, ...others]) => [one!, one!, ...others])],
    ['gap', 'a beginning that is missing', own((texts) => texts.slice(1))],
    ['bundle_foreign', 'an end that is missing', own((texts) => texts.slice(0, -1))],
    ['bundle_foreign', 'none at all', own(() => [])],
    ['malformed', 'no statement', own((texts) => [...texts, '{}'])],
    ['wrong_scope', 'the platform’s among the own', (lists) => own(() => lists.platformStatements)(lists)],
    ['wrong_scope', 'the own among the platform’s', (lists) => theirs(() => lists.statements)(lists)],
    ['gap', 'of the platform’s a beginning that is missing', theirs((texts) => texts.slice(1))],
    ['bundle_foreign', 'of the platform’s an end that is missing', theirs((texts) => texts.slice(0, -1))],
  ])('%s: %s', async (code, _, change) => {
    await expect(changed(change)).resolves.toBe(code);
  });

  test('fork: a part of the past, by a bundle of that time', async () => {
    const held = await take(started, await message(AT_ENROLMENT));
    const whole = await message(AT_ENROLMENT);
    const lists = own((texts) => texts.slice(0, 1))(whole.lists);
    await expect(refusal(take(held, { ...whole, lists }))).resolves.toBe('fork');
  });

  test('more statements that nothing proves than a verifier keeps', async () => {
    const { signatures } = JSON.parse(domain.statement) as { signatures: object[] };
    const made: string[] = [];
    let previous = Buffer.alloc(32, 5).toString('base64url');
    for (let epoch = 2; made.length < 4_097; epoch += 1) {
      const statement = { ...domain.rotation(testKey('d'), times(), domain.retiring), epoch, previous };
      made.push(JSON.stringify({ signatures, payload: encodeObject(statement) }));
      previous = statementHash(made.at(-1)!);
    }
    const ringAfter = (statements: string[]): unknown =>
      walkRings(beginRings(started), { platformStatements: [], statements }).ring;
    expect(ringAfter(made.slice(0, 4_096))).not.toBeInstanceOf(JwsError);
    expect(ringAfter(made)).toMatchObject({ code: 'gap' });
  });
});

describe('each ring by itself', () => {
  test('the platform’s part counts, though the own one is refused', async () => {
    const held = await enrolled();
    await platform.rotate('platform-2', NOW);
    await rings.changeRecoveryKey(testKey('recovery-2'), NOW);
    await domain.rotate('b', NOW);
    const whole = await message(AT_ENROLMENT);
    for (const statements of [[], ['{}'], whole.lists.platformStatements]) {
      const after = await take(held, { ...whole, lists: { ...whole.lists, statements } });
      expect(after.refused).toBeDefined();
      expect(after.ring).toBe(held.ring);
      expect(after.platform).toMatchObject({ activeKeyId: 'platform-2', statementHash: platform.statementHash });
      expect(after.recoveryPublicKey).toBe(publicText(rings.recovery.privateKey));
      expectOurs(await take({ ...after, refused: undefined } as HeldRings, whole));
    }
  });

  test('nothing counts where the platform’s part is refused', async () => {
    const held = await enrolled();
    await platform.rotate('platform-2', NOW);
    await domain.rotate('b', NOW);
    const whole = await message(AT_ENROLMENT);
    const lists = { ...whole.lists, platformStatements: [] };
    await expect(refusal(take(held, { ...whole, lists }))).resolves.toBe('bundle_foreign');
  });
});

describe('the bundle', () => {
  let held: HeldRings;
  beforeEach(async () => {
    held = await enrolled();
    await domain.rotate('b', NOW);
    await platform.rotate('platform-2', NOW);
    held = await take(held, await message(AT_ENROLMENT));
  });

  const NOTHING: ChainLists = { platformStatements: [], statements: [] };
  const shown = async (fields: Parameters<TestRings['bundle']>[2], at = later(1), now = at) =>
    take(held, { lists: NOTHING, bundle: await rings.bundle(DOMAIN, at, fields), now, size: 256 });
  const own = (change: Partial<TrustAnchor>) => ({ anchor: { ...domain.anchor(), ...change } });
  const theirs = (change: Partial<TrustAnchor>) => ({ platform: { ...platform.anchor(), ...change } });
  const hash = Buffer.alloc(32, 7).toString('base64url');
  const stranger = testKey('stranger');
  const named = (key: TestKey) => ({ key_id: key.keyId, public_key: publicText(key.privateKey) });

  test.each<[string, () => Parameters<TestRings['bundle']>[2], string]>([
    ['by the platform’s retiring key', () => ({ by: platform.retiring! }), 'bundle_foreign'],
    ['by the Domain’s active key', () => ({ by: domain.active }), 'bundle_foreign'],
    [
      'by a stranger under the active key’s name',
      () => ({ by: { ...stranger, keyId: 'platform-2' } }),
      'signature_invalid',
    ],
    ['of another head', () => own({ statement_hash: hash }), 'bundle_foreign'],
    ['of another key ahead', () => own({ next: hash }), 'bundle_foreign'],
    [
      'in which the retiring key is the active one',
      () => own({ active_key_id: 'a', keys: [named(domain.retiring!), named(domain.active)] }),
      'bundle_foreign',
    ],
    [
      'in which another key has the active one’s name',
      () => own({ keys: [named({ ...stranger, keyId: 'b' })] }),
      'bundle_foreign',
    ],
    ['in which the retiring key is staged', () => own({ staged_key_id: 'a' }), 'bundle_foreign'],
    ['of another head of the platform’s', () => theirs({ statement_hash: hash }), 'bundle_foreign'],
    ['of another key ahead of the platform’s', () => theirs({ next: hash }), 'bundle_foreign'],
  ])('%s is refused', async (_, fields, code) => {
    await expect(refusal(shown(fields()))).resolves.toBe(code);
  });

  test('of another recovery key is refused', async () => {
    rings.recovery = testKey('another');
    await expect(refusal(shown({}))).resolves.toBe('bundle_foreign');
  });

  test('of another scope is refused', async () => {
    const other = 'domain:0190a8b8-b1c1-7b1b-8b1b-b1b1b1b1b1b2';
    await rings.create(other, 'x', NOW);
    const bundle = await rings.bundle(other, NOW);
    await expect(refusal(take(held, { lists: NOTHING, bundle, now: NOW, size: 1 }))).resolves.toBe('wrong_scope');
  });

  test('is stale after five minutes', async () => {
    await expect(refusal(shown({}, NOW, later(300)))).resolves.toBeUndefined();
    await expect(refusal(shown({}, NOW, later(300.001)))).resolves.toBe('bundle_stale');
  });

  test.each([1, 900, Number.MAX_SAFE_INTEGER])(
    'epoch %d is no reason to refuse, and no reason to stay wrong',
    async (epoch) => {
      const wrong = await shown({ anchor: { ...domain.anchor(), epoch, trust_epoch: 1, head_epoch: 1 } }, later(1));
      expect(wrong).toMatchObject({ ring: { epoch, headEpoch: 2 } });
      held = wrong;
      expect((await shown({}, NOW, later(1))).ring.epoch).toBe(epoch);
      expect((await shown({}, later(2))).ring).toMatchObject({ epoch: 2, headEpoch: 2 });
    },
  );

  test('a retiring key that it does not name goes; one that nobody proves does not come', async () => {
    const after = await shown(
      own({ keys: [named(domain.active), { ...named(stranger), not_after: NOW.toISOString() }] }),
    );
    expect(keyIds(after.ring)).toEqual(['b']);
    held = after;
    expect(keyIds((await shown({}, later(2))).ring)).toEqual(['b']);
  });

  test('a retiring key ends when its statement says so, whatever the bundle says', async () => {
    const [active, retiring] = domain.anchor().keys;
    const after = await shown(own({ keys: [active!, { ...retiring!, not_after: '9999-12-31T23:59:59Z' }] }));
    expect(after.ring.keys[1]?.notAfter).toEqual(domain.retiring!.verifiesUntil);
  });

  describe('while a key is staged', () => {
    beforeEach(async () => {
      domain.close();
      await domain.stage('s', NOW, 60_000);
      held = await take(held, await message({ epoch: 2, platformEpoch: 2 }));
    });

    test('it must name that key: a statement will make it sign', async () => {
      expect(keyIds(held.ring)).toEqual(['b', 's']);
      await expect(refusal(shown(own({ staged_key_id: null, keys: [named(domain.active)] })))).resolves.toBe(
        'bundle_foreign',
      );
      const other = { ...named({ ...stranger, keyId: 's' }), not_after: later(60).toISOString() };
      await expect(refusal(shown(own({ keys: [named(domain.active), other] })))).resolves.toBe('bundle_foreign');
    });

    test('it must not make that key one that signed already', async () => {
      await expect(refusal(shown(own({ staged_key_id: null })))).resolves.toBe('bundle_foreign');
    });

    test('once its time is over none takes its place', async () => {
      const other = { ...named(stranger), not_after: later(600).toISOString() };
      const another = own({ staged_key_id: stranger.keyId, keys: [named(domain.active), other] });
      await expect(refusal(shown(another, later(60)))).resolves.toBe('bundle_foreign');
    });

    test('once its time is over nobody names it, and it stays until it is taken back', async () => {
      const without = own({ staged_key_id: null, keys: [named(domain.active)] });
      const after = await shown(without, later(60));
      expect(after.refused).toBeUndefined();
      expect(keyIds(after.ring)).toEqual(['b', 's']);
      held = after;
      await domain.unstage(later(61));
      expectOurs(await take(held, await message({ epoch: 4, platformEpoch: 2 }, { now: later(61) })));
    });
  });
});

/** A thief who has all keys of a moment, and goes on by himself; his verifiers, and how they come back. */
describe('a fork', () => {
  let thief: TestRings;
  let held: HeldRings;
  const captive = async (size = 256): Promise<HeldRings> =>
    take(held, {
      lists: chainLists(thief, held.scope, AT_ENROLMENT),
      bundle: await thief.bundle(held.scope, NOW),
      now: NOW,
      size,
    });
  const FAR = Number.MAX_SAFE_INTEGER;

  beforeEach(async () => {
    held = await enrolled();
    thief = rings.fork();
  });

  describe('of a Domain’s ring', () => {
    let lost: HeldRings;
    beforeEach(async () => {
      await thief.of(DOMAIN).rotate('thief', NOW);
      lost = await captive();
      expect(lost.ring.activeKeyId).toBe('thief');
    });

    test('without a revoke of ours nothing brings it back, and nothing is taken', async () => {
      await domain.rotate('b', NOW);
      await expect(refusal(take(lost, await message(AT_ENROLMENT)))).resolves.toBe('fork');
      await expect(refusal(take(lost, await message(FORKED)))).resolves.toBe('bundle_foreign');
    });

    test.each<[string, () => Promise<unknown>]>([
      ['a revoke', () => domain.revoke('a', NOW, 'n')],
      ['a rollback', async () => (await domain.rotate('b', NOW), domain.rollback(NOW))],
      ['the later of two', async () => (await domain.revoke('a', NOW, 'n'), domain.revoke('n', NOW, 'm'))],
      [
        'a revoke, and what follows it',
        async () => {
          await domain.revoke('a', NOW, 'n');
          await domain.rotate('o', NOW);
          domain.close();
          await domain.stage('s', NOW);
        },
      ],
    ])('%s does, whichever way it is told', async (_, act) => {
      await act();
      for (const size of [1, 2, 256]) {
        expectOurs(await take(lost, await message(FORKED, { size })));
        expectOurs(await take(lost, await message(AT_ENROLMENT, { size })));
      }
    });

    test('a revoke does though the thief’s statement is of the last epoch that there is', async () => {
      const next = Buffer.alloc(32, 3).toString('base64url');
      const statement = { ...domain.rotation({ ...domain.ahead, keyId: 'thief' }, times()), epoch: FAR, next };
      const far = forgedStatement(statement, domain.active, { ...domain.ahead, keyId: 'thief' });
      lost = { ...held, ring: walkChain(DOMAIN, [far], held.ring, () => undefined) };
      expect(lost.ring).toMatchObject({ epoch: FAR, headEpoch: FAR, activeKeyId: 'thief' });
      await domain.revoke('a', NOW, 'n');
      expectOurs(await take(lost, await message(FORKED)));
      expectOurs(await take(lost, await message(AT_ENROLMENT)));
    });

    test('no revoke does that a fresh bundle does not name', async () => {
      await domain.revoke('a', NOW, 'n');
      const early = await message(FORKED);
      await domain.rotate('o', NOW);
      const present = await message(FORKED);
      await expect(refusal(take(lost, { ...present, lists: early.lists }))).resolves.toBe('bundle_foreign');
      await expect(refusal(take(lost, { ...early, now: later(301) }))).resolves.toBe('bundle_stale');
    });

    test('nor one by the stolen Domain key, by a retired platform key, or by one that was not active then', async () => {
      await platform.rotate('platform-2', NOW);
      platform.close();
      const present = { ...(await enrolled()), ring: lost.ring };
      for (const [by, epoch, isOurs] of [
        [platform.active, platform.epoch, true],
        [domain.active, platform.epoch, false],
        [{ ...domain.active, keyId: 'platform-2' }, platform.epoch, false],
        [platform.keys[0]!, platform.epoch, false],
        [platform.active, 1, false],
      ] as const) {
        const rogue = rings.fork();
        await forgeRevoke(rogue.of(DOMAIN), by, epoch);
        const chain = { ...(await message(FORKED, {}, rogue)), lists: lastOf(rogue) };
        await expect(refusal(take(present, chain))).resolves.toBe(isOurs ? undefined : 'fork');
      }
    });

    test('a captured chain, shown again, undoes no later revoke', async () => {
      await domain.revoke('a', NOW, 'n');
      const captured = await message(FORKED, { now: later(1) });
      lost = await take(lost, captured);
      await domain.revoke('n', NOW, 'm');
      const ours = await take(lost, await message({ epoch: 2, platformEpoch: 1 }, { now: later(60) }));
      expectOurs(ours);
      await expect(refusal(take(ours, { ...captured, now: later(61) }))).resolves.toBe('bundle_stale');
    });

    test('nor a rotation that was announced since, though no bundle told of it', async () => {
      await domain.revoke('a', NOW, 'n');
      const captured = await message(FORKED, { now: later(1) });
      lost = await take(lost, captured);
      await domain.rotate('o', later(60));
      const { ring } = lost;
      const announced = walkChain(DOMAIN, [domain.statements.at(-1)!.text], ring, () => undefined);
      expect(announced).toMatchObject({ activeKeyId: 'o', issuedAt: ring.issuedAt });
      await expect(refusal(take({ ...lost, ring: announced }, { ...captured, now: later(61) }))).resolves.toBe(
        'bundle_stale',
      );
    });

    test('a statement from the future, which a thief signed, holds our revoke up no longer than itself', async () => {
      lost = { ...lost, ring: { ...lost.ring, openedAt: later(300) } };
      await domain.revoke('a', NOW, 'n');
      expectOurs(await take(lost, await message(FORKED, { now: later(1) })));
    });

    test('a bundle from the future, which a thief signed, holds our revoke up no longer than itself', async () => {
      lost = { ...lost, ring: { ...lost.ring, issuedAt: later(300) } };
      await domain.revoke('a', NOW, 'n');
      expectOurs(await take(lost, await message(FORKED, { now: later(1) })));
    });
  });

  describe('of the platform’s ring', () => {
    let lost: HeldRings;
    beforeEach(async () => {
      await thief.of(PLATFORM).rotate('thief', NOW);
      await thief.of(DOMAIN).revoke('a', NOW, 'captive');
      lost = await captive();
      expect(lost).toMatchObject({ platform: { activeKeyId: 'thief' }, ring: { activeKeyId: 'captive' } });
    });

    test('our revokes bring both rings back, the platform’s before the Domain’s', async () => {
      await platform.revoke('platform-1', NOW, 'platform-n');
      const without = await take(lost, await message({ epoch: 0, platformEpoch: 0 }));
      expect(without).toMatchObject({ refused: 'bundle_foreign', platform: { activeKeyId: 'platform-n' } });
      await domain.revoke('a', NOW, 'n');
      for (const size of [1, 256]) {
        expectOurs(await take(lost, await message({ epoch: 0, platformEpoch: 0 }, { size })));
        expectOurs(
          await take(
            { ...without, refused: undefined } as HeldRings,
            await message({ epoch: 0, platformEpoch: 2 }, { size }),
          ),
        );
      }
    });

    test('by a recovery key that this verifier has not heard of, after all of the recoveries', async () => {
      await rings.changeRecoveryKey(testKey('recovery-2'), NOW);
      await platform.rotate('platform-2', NOW);
      await rings.changeRecoveryKey(testKey('recovery-3'), NOW);
      await platform.rotate('platform-3', NOW);
      await platform.revoke('platform-3', NOW, 'platform-n');
      await domain.revoke('a', NOW, 'n');
      for (const size of [1, 2, 256]) {
        expectOurs(await take(lost, await message({ epoch: 0, platformEpoch: 0 }, { size })));
        const heardOne = { ...lost, recoveryPublicKey: recoveryAfter(1) };
        expectOurs(await take(heardOne, await message({ epoch: 0, platformEpoch: 0 }, { size })));
      }
      const never = { ...lost, recoveryPublicKey: publicText(testKey('nobody').privateKey) };
      await expect(refusal(take(never, await message({ epoch: 0, platformEpoch: 0 })))).resolves.toBe('gap');
    });

    test('where a Domain’s statement is vouched for by a platform key from before that revoke', async () => {
      await domain.revoke('a', NOW, 'n');
      await platform.rotate('platform-2', NOW);
      await platform.revoke('platform-2', NOW, 'platform-n');
      for (const size of [1, 2, 256]) {
        expectOurs(await take(lost, await message({ epoch: 0, platformEpoch: 0 }, { size })));
      }
    });

    test('by one that came between such a key and the revoke, among the statements in a row', async () => {
      await domain.revoke('a', NOW, 'n'); // Vouched for by platform-1, so the platform's list begins with that.
      await rings.changeRecoveryKey(testKey('recovery-2'), NOW);
      await platform.rotate('platform-2', NOW);
      await platform.revoke('platform-2', NOW, 'platform-n');
      for (const size of [1, 2, 256]) {
        expectOurs(await take(lost, await message({ epoch: 0, platformEpoch: 0 }, { size })));
      }
    });

    test('not by a recovery that the recovery key did not sign, wherever it stands', async () => {
      const rogue = rings.fork();
      const his = testKey('recovery-thief');
      await rogue.changeRecoveryKey(his, NOW);
      const change = rogue.of(PLATFORM).changes.at(-1)!;
      const statement = readStatement(change.statement!);
      const stranger = { ...testKey('x'), keyId: statement.old_key_id! };
      for (const by of [stranger, his, { ...platform.active, keyId: statement.old_key_id! }]) {
        const forged = forgedStatement(statement, by, his);
        const trap = rings.fork();
        trap.recovery = his;
        await trap.of(PLATFORM).revoke('platform-1', NOW, 'platform-x');
        const revoke = trap.of(PLATFORM).statement;
        const lists = { platformStatements: [forged, revoke], statements: [] };
        const chain = { ...(await message(PLATFORM_FORKED, {}, trap)), lists };
        await expect(refusal(take(lost, chain))).resolves.toMatch(/^(signature_invalid|foreign_authority)$/);
      }
    });

    test('not by an older revoke, whose recovery key is retired; the later one counts', async () => {
      await platform.revoke('platform-1', NOW, 'platform-n');
      await rings.changeRecoveryKey(testKey('recovery-2'), NOW);
      await platform.rotate('platform-o', NOW);
      const knows = { ...lost, recoveryPublicKey: publicText(rings.recovery.privateKey) };
      await expect(refusal(take(knows, await message(PLATFORM_FORKED)))).resolves.toBe('fork');
      await platform.revoke('platform-o', NOW, 'platform-p');
      await domain.revoke('a', NOW, 'n');
      expectOurs(await take(knows, await message({ epoch: 0, platformEpoch: 0 })));
      const sinceFirst = { platformStatements: platform.statementsSince(1), statements: domain.statementsSince(1) };
      expectOurs(await take(knows, { ...(await message(FORKED)), lists: sinceFirst }));
    });

    test('never by a platform key’s word for its own ring', async () => {
      for (const by of [rings.recovery, platform.active, thief.of(PLATFORM).active, testKey('recovery')]) {
        const rogue = rings.fork();
        await forgeRevoke(rogue.of(PLATFORM), by, null);
        const lists = { platformStatements: rogue.of(PLATFORM).statementsSince(1), statements: [] };
        const chain = { ...(await message(PLATFORM_FORKED, {}, rogue)), lists };
        // Of the recovery key's the platform's part counts, and the Domain's waits for a revoke of its own.
        await expect(refusal(take(lost, chain))).resolves.toBe(by === rings.recovery ? 'bundle_foreign' : 'fork');
      }
    });

    test('what the thief’s history said of who was active is gone with it', async () => {
      await platform.rotate('platform-2', NOW);
      await platform.rotate('platform-3', NOW);
      await platform.revoke('platform-3', NOW, 'platform-n');
      const rogue = rings.fork();
      await forgeRevoke(rogue.of(DOMAIN), thief.of(PLATFORM).active, 2);
      const lists = { ...lastOf(rogue), platformStatements: chainLists(rings, PLATFORM, FORKED).platformStatements };
      // Though a bundle of ours named it, which none ever will.
      const chain = { ...(await message(FORKED, {}, rogue)), lists };
      const after = await take(lost, chain);
      expect(after).toMatchObject({ refused: 'fork', platform: { activeKeyId: 'platform-n' } });
    });

    test('nor by a revoke that was taken: the key that it brought has retired, was stolen since, and signs the bundle', async () => {
      await platform.revoke('platform-1', NOW, 'platform-n');
      await domain.revoke('a', NOW, 'n');
      const captured = rings.fork();
      const ours = await take(lost, await message({ epoch: 0, platformEpoch: 0 }));
      await platform.rotate('platform-o', NOW);
      const present = await take(ours, await message({ epoch: 2, platformEpoch: 2 }, { now: later(60) }));
      const chain = await message({ epoch: 0, platformEpoch: 0 }, { now: later(120) }, captured);
      await expect(refusal(take(present, chain))).resolves.toBe('fork');
    });

    test('nor by a rollback that the active key signed: it leads on, and never back', async () => {
      await platform.rotate('platform-2', NOW);
      await platform.rollback(NOW, 60_000, platform.active);
      const chain = await message(AT_ENROLMENT);
      await expect(refusal(take(lost, chain))).resolves.toBe('fork');
      expectOurs(await take(held, chain));
    });
  });

  const recoveryAfter = (changes: number): string => {
    const recoveries = platform.changes.filter(({ change }) => change === 'recovery');
    const { payload } = JSON.parse(recoveries[changes - 1]!.statement!) as { payload: string };
    return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { new_public_key: string }).new_public_key;
  };
  const lastOf = (by: TestRings): ChainLists => ({
    platformStatements: [],
    statements: by.of(DOMAIN).statementsSince(by.of(DOMAIN).epoch - 1),
  });
});

const times = () => ({
  openedAt: NOW.toISOString(),
  closesAt: later(60).toISOString(),
  transitionExpires: later(60).toISOString(),
});

/** The ring's last statement is then a revoke by `by`, who may have no right to it. */
async function forgeRevoke(ring: TestRing, by: TestKey, authorityEpoch: number | null): Promise<void> {
  await ring.revoke(ring.active.keyId, NOW, 'forged');
  const last = ring.changes.at(-1)!;
  const statement = { ...readStatement(last.statement!), authority_epoch: authorityEpoch };
  last.statement = forgedStatement(statement, by, ring.active);
}
