import { announcedKeys, FORKED, nextKeyNews, platformFromFork, type KeyNews, type RingHistory } from './key-news';
import type { VerifyingKey } from './trusted-keys';

/** Epoch → active key, and the epochs that have a statement: a rotation each, with closes between. */
const ACTIVE = [undefined, 'a', 'b', 'b', 'c', 'c'];
const STATEMENTS = [1, 2, 4];

const ring = (scope: string, epoch: number, trustEpoch: number, ...keys: RingHistory['keys']): RingHistory => ({
  scope,
  epoch,
  trustEpoch,
  keys,
  superiorEpoch: null,
  activeAt: (at) => ACTIVE[at],
  headAt: (at) => STATEMENTS.filter((each) => each <= at).at(-1) ?? 0,
  activeNamedAt: (at) => STATEMENTS.filter((each) => each <= at).at(-1) ?? 0,
  authorityAfter: () => null,
  statementsAfter: (after) => STATEMENTS.filter((at) => at > after && at <= epoch).length,
});
const fresh = (scope: string) => ring(scope, 1, 1, { keyId: 'a', state: 'active' });
const open = (scope: string) => ring(scope, 2, 2, { keyId: 'a', state: 'retiring' }, { keyId: 'b', state: 'active' });
const closed = (scope: string) => ring(scope, 3, 2, { keyId: 'a', state: 'retired' }, { keyId: 'b', state: 'active' });
const again = (scope: string) =>
  ring(
    scope,
    4,
    4,
    { keyId: 'a', state: 'retired' },
    { keyId: 'b', state: 'retiring' },
    { keyId: 'c', state: 'active' },
  );

const [D, P] = ['domain', 'platform'];
const announce = (eventType: string, keyId: string, told: object) => ({ kind: 'announce', eventType, keyId, told });
const chain = (gates: boolean, epoch: number, platformEpoch: number) => ({
  kind: 'chain',
  gates,
  told: { epoch, platformEpoch },
});

describe('a Node of a Domain', () => {
  test.each<[string, [number, number], RingHistory, RingHistory, object]>([
    ['told all of it', [2, 2], open(D), open(P), { kind: 'none' }],
    ['told more than there is', [9, 9], open(D), open(P), { kind: 'none' }],
    ['its own rotation', [1, 1], open(D), fresh(P), announce('signing_key_rotated', 'a', { epoch: 2 })],
    ['both rotations: its own first', [1, 1], open(D), open(P), announce('signing_key_rotated', 'a', { epoch: 2 })],
    [
      'then the platform’s, by its own active key',
      [2, 1],
      open(D),
      open(P),
      announce('platform_key_rotated', 'b', { platformEpoch: 2 }),
    ],
    ['a close: nothing waits', [2, 1], closed(D), fresh(P), chain(false, 3, 1)],
    ['P-9: the platform’s close: nothing waits', [1, 2], fresh(D), closed(P), chain(false, 1, 3)],
    ['a rotation that is closed by now', [1, 1], closed(D), fresh(P), chain(true, 3, 1)],
    ['a rotation of the platform that is closed by now', [1, 1], fresh(D), closed(P), chain(true, 1, 3)],
    [
      'a close and the next rotation: one statement',
      [2, 1],
      again(D),
      fresh(P),
      announce('signing_key_rotated', 'b', { epoch: 4 }),
    ],
    [
      'the same of the platform',
      [1, 2],
      fresh(D),
      again(P),
      announce('platform_key_rotated', 'a', { platformEpoch: 4 }),
    ],
    ['two rotations', [1, 1], again(D), fresh(P), chain(true, 4, 1)],
    ['a fork without a way back', [0, 1], open(D), fresh(P), { kind: 'forked' }],
    [
      'its own rotation, before the platform’s close',
      [1, 2],
      open(D),
      closed(P),
      announce('signing_key_rotated', 'a', { epoch: 2 }),
    ],
  ])('that has not been told of: %s', (_, [epoch, platformEpoch], own, platform, expected) => {
    expect(nextKeyNews({ epoch, platformEpoch }, own, platform)).toEqual(expected);
  });
});

describe('a Node of platform has one ring', () => {
  const news = (epoch: number, own: RingHistory): KeyNews => nextKeyNews({ epoch, platformEpoch: epoch }, own, own);

  test.each<[string, number, RingHistory, object]>([
    ['nothing', 2, open(P), { kind: 'none' }],
    ['a rotation', 1, open(P), announce('signing_key_rotated', 'a', { epoch: 2, platformEpoch: 2 })],
    ['a close', 2, closed(P), chain(false, 3, 3)],
    ['a rotation and its close', 1, closed(P), chain(true, 3, 3)],
  ])('and has not been told of: %s', (_, epoch, own, expected) => {
    expect(news(epoch, own)).toEqual(expected);
  });
});

test('two statements may lie between where the old key still verifies: an announcement carries one only', () => {
  const own = { ...open(D), statementsAfter: () => 2 };
  expect(nextKeyNews({ epoch: 1, platformEpoch: 1 }, own, fresh(P))).toEqual(chain(true, 2, 1));
});

describe('an announcement of a statement for which the platform vouches', () => {
  /** Told of platform epoch 4; its head there is 3. */
  const platform = { ...ring(P, 4, 4, { keyId: 'c', state: 'active' }), headAt: (at: number) => Math.min(at, 3) };
  const own = (authority: number) => ({ ...open(D), authorityAfter: () => authority });

  test.each([
    [2, 'before the head that the Node has: a chain', 'chain'],
    [3, 'since that head: it knows the key', 'announce'],
    [4, 'what it was told', 'announce'],
    [5, 'what it was not told: a chain', 'chain'],
  ])('at the platform’s epoch %d: %s', (authority, _, kind) => {
    expect(nextKeyNews({ epoch: 1, platformEpoch: 4 }, own(authority), platform).kind).toBe(kind);
  });
});

test.each([
  ['it did not leave our chain', null, 2],
  ['it left before that', 1, 2],
  ['it held that when it left', 2, null],
  ['it left later', 3, null],
])('what leads a Node back from a fork of the platform’s: %s', (_, heldEpoch, superiorEpoch) => {
  expect(platformFromFork({ ...again(P), superiorEpoch: 2 }, heldEpoch)).toMatchObject({ epoch: 4, superiorEpoch });
  expect(platformFromFork(again(P), heldEpoch).superiorEpoch).toBeNull();
});

describe('a Node on a fork', () => {
  const curedOwn = { ...open(D), superiorEpoch: 2 };
  const curedPlatform = { ...open(P), superiorEpoch: 2 };

  test.each<[string, [number, number], RingHistory, RingHistory, object]>([
    ['of its own ring, cured', [FORKED, 2], curedOwn, open(P), chain(true, 2, 2)],
    ['of its own ring, not cured', [FORKED, 2], open(D), open(P), { kind: 'forked' }],
    [
      'of its own ring, not cured, and lacks the platform’s news',
      [FORKED, 1],
      open(D),
      open(P),
      chain(true, FORKED, 2),
    ],
    ['of the platform’s, cured', [2, FORKED], open(D), curedPlatform, chain(true, 2, 2)],
    ['of the platform’s, not cured: nothing waits', [2, FORKED], open(D), open(P), { kind: 'none' }],
    [
      'of the platform’s, not cured, and lacks its own ring’s news',
      [1, FORKED],
      open(D),
      open(P),
      announce('signing_key_rotated', 'a', { epoch: 2 }),
    ],
    ['… which no announcement bridges', [1, FORKED], again(D), open(P), { kind: 'forked' }],
    ['of both, one cured', [FORKED, FORKED], curedOwn, open(P), { kind: 'forked' }],
    ['of both, cured', [FORKED, FORKED], curedOwn, curedPlatform, chain(true, 2, 2)],
  ])('%s', (_, [epoch, platformEpoch], own, platform, expected) => {
    expect(nextKeyNews({ epoch, platformEpoch }, own, platform)).toEqual(expected);
  });
});

describe('announcedKeys', () => {
  const until = new Date(9);
  const active = { keyId: 'a', state: 'active', verifiesUntil: null } as const;
  const staged = { keyId: 's', state: 'staged', verifiesUntil: until } as const;
  const retiring = { keyId: 'r', state: 'retiring', verifiesUntil: until } as const;
  const gone = { keyId: 'g', state: 'revoked', verifiesUntil: null } as const;

  test.each([
    ['a rotation or a rollback', [gone, retiring, active], { current: active, previous: retiring, expires: until }],
    ['a stage', [gone, active, staged], { current: staged, previous: active, expires: until }],
    ['an unstage or a revoke', [gone, active], { current: active, previous: null, expires: null }],
  ])('after %s', (_, keys: VerifyingKey[], expected) => expect(announcedKeys(keys)).toEqual(expected));
});
