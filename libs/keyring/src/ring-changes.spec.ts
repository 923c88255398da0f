// What each change makes of a ring, and what its statement says: the whole life of a key, on one page.
import { activeKey, createRing, type KeyRing, stagedKey } from './key-ring';
import type { KeyState } from './key-state';
import { recommitRing, recoverRing } from './recommit';
import { Refusal, type RefusalCode } from './refusal';
import { revokeKey } from './revoke';
import type { RingChange } from './ring-change';
import { rollbackRotation, settleRollback } from './rollback';
import { closeRotation, openRotation } from './rotation';
import { scopePolicy } from './scope-policy';
import { stageKey, unstageKey } from './stage';
import type { Transition } from './transition';

const SECOND_MS = 1_000;
const at = (seconds: number): Date => new Date(Date.parse('2026-01-01T00:00:00Z') + seconds * SECOND_MS);
const DOMAIN = scopePolicy('domain');
const PLATFORM = scopePolicy('platform');
const SPANS = { overlapWindowMs: 100 * SECOND_MS, clockSkewMs: 5 * SECOND_MS, propagationDelayMs: 10 * SECOND_MS };
const SETTLING = { stalenessMs: 20 * SECOND_MS, relayLagMs: 10 * SECOND_MS, clockSkewMs: 5 * SECOND_MS };

interface State {
  ring: KeyRing;
  transition: Transition | null;
}

const fresh: State = { ring: createRing('domain:1', 'a'), transition: null };
const stage = ({ ring, transition }: State, over = {}): RingChange =>
  stageKey(ring, transition, { ...SPANS, newKeyId: 'b', stagedAt: at(0), rotateBy: at(60), ...over }, DOMAIN);
const rotate = ({ ring, transition }: State, over = {}): RingChange<Transition> =>
  openRotation(ring, transition, { ...SPANS, newKeyId: 'b', openedAt: at(0), ...over }, DOMAIN);
const rollback = ({ ring, transition }: State, over = {}, policy = DOMAIN): RingChange<Transition> =>
  rollbackRotation(ring, transition, { ...SETTLING, at: at(50), oldKeyId: 'a', newKeyId: 'b', ...over }, policy);
const revoke = ({ ring, transition }: State, keyId: string, over = {}): RingChange =>
  revokeKey(ring, transition, { ...SPANS, keyId, newKeyId: 'n', discardStaged: false, at: at(30), ...over }, DOMAIN);

const staged = stage(fresh);
const opened = rotate(fresh);
const rolledBack = rollback(opened);
const close = closeRotation(opened.ring, opened.transition, { oldKeyId: 'a', newKeyId: 'b' });

const statesOf = ({ ring }: Pick<State, 'ring'>): Record<string, KeyState> =>
  Object.fromEntries(ring.keys.map(({ keyId, state }) => [keyId, state]));

function refusalOf(command: () => unknown): { code: RefusalCode; members: Record<string, unknown> } {
  try {
    command();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('was not refused');
}

/** Of a change the keys' states, whether trust changed, what goes, and of its statement old, new, who vouches, and its end. */
test.each<[string, RingChange, Record<string, KeyState>, boolean, string[], object | null]>([
  [
    'stage',
    staged,
    { a: 'active', b: 'staged' },
    true,
    [],
    { oldKeyId: 'a', newKeyId: 'b', introduces: true, bySuperior: false, transitionExpires: at(165) },
  ],
  [
    'unstage',
    unstageKey(staged.ring, null, { keyId: 'b' }),
    { a: 'active', b: 'retired' },
    true,
    ['b'],
    { oldKeyId: 'b', newKeyId: 'a', introduces: false, bySuperior: false, transitionExpires: null },
  ],
  [
    'rotate to a new key',
    opened,
    { a: 'retiring', b: 'active' },
    true,
    [],
    {
      oldKeyId: 'a',
      newKeyId: 'b',
      introduces: true,
      bySuperior: false,
      closesAt: at(100),
      transitionExpires: at(105),
    },
  ],
  [
    'rotate to the staged key: earlier than was announced',
    rotate(staged, { openedAt: at(20) }),
    { a: 'retiring', b: 'active' },
    true,
    [],
    {
      oldKeyId: 'a',
      newKeyId: 'b',
      introduces: false,
      bySuperior: false,
      closesAt: at(120),
      transitionExpires: at(125),
    },
  ],
  [
    'rotate to the staged key, under a longer window: no later than was announced',
    rotate(staged, { openedAt: at(50), overlapWindowMs: 300 * SECOND_MS }),
    { a: 'retiring', b: 'active' },
    true,
    [],
    {
      oldKeyId: 'a',
      newKeyId: 'b',
      introduces: false,
      bySuperior: false,
      closesAt: at(160),
      transitionExpires: at(165),
    },
  ],
  ['close', close, { a: 'retired', b: 'active' }, false, ['a'], null],
  [
    'rollback',
    rolledBack,
    { a: 'active', b: 'retiring' },
    true,
    [],
    { oldKeyId: 'b', newKeyId: 'a', introduces: false, bySuperior: true, closesAt: null, transitionExpires: at(85) },
  ],
  [
    'the end of its settling',
    settleRollback(rolledBack.ring, rolledBack.transition, at(85)),
    { a: 'active', b: 'retired' },
    false,
    ['b'],
    null,
  ],
  [
    'revoke of the staged key',
    revoke(staged, 'b'),
    { a: 'active', b: 'revoked' },
    true,
    ['b'],
    { oldKeyId: 'b', newKeyId: 'a', introduces: false, bySuperior: true, transitionExpires: null },
  ],
  [
    'revoke of the retiring key',
    revoke(opened, 'a'),
    { a: 'revoked', b: 'active' },
    true,
    ['a'],
    { oldKeyId: 'a', newKeyId: 'b', introduces: false, bySuperior: true },
  ],
  [
    'revoke of the active key',
    revoke(fresh, 'a'),
    { a: 'revoked', n: 'active' },
    true,
    ['a'],
    { oldKeyId: 'a', newKeyId: 'n', introduces: true, bySuperior: true },
  ],
  [
    'revoke of the active key, where one is staged and propagated',
    revoke(staged, 'a'),
    { a: 'revoked', b: 'active' },
    true,
    ['a'],
    { oldKeyId: 'a', newKeyId: 'b', introduces: false, bySuperior: true },
  ],
  [
    '… and suspect too',
    revoke(staged, 'a', { discardStaged: true }),
    { a: 'revoked', b: 'retired', n: 'active' },
    true,
    ['a', 'b'],
    { oldKeyId: 'a', newKeyId: 'n', introduces: true, bySuperior: true },
  ],
  [
    '… or not propagated',
    revoke(staged, 'a', { at: at(9) }),
    { a: 'revoked', b: 'retired', n: 'active' },
    true,
    ['a', 'b'],
    { newKeyId: 'n', introduces: true },
  ],
  [
    '… or expired',
    revoke(staged, 'a', { at: at(60) }),
    { a: 'revoked', b: 'retired', n: 'active' },
    true,
    ['a', 'b'],
    { newKeyId: 'n', introduces: true },
  ],
  [
    'revoke of the active key amid a rotation: the retiring one goes with it',
    revoke(opened, 'b'),
    { a: 'retired', b: 'revoked', n: 'active' },
    true,
    ['a', 'b'],
    { oldKeyId: 'b', newKeyId: 'n', introduces: true },
  ],
  [
    'revoke of the active key while a rollback settles',
    revoke(rolledBack, 'a'),
    { a: 'revoked', b: 'retired', n: 'active' },
    true,
    ['a', 'b'],
    { oldKeyId: 'a', newKeyId: 'n' },
  ],
  [
    'recommit',
    recommitRing(opened.ring, opened.transition),
    { a: 'retiring', b: 'active' },
    false,
    [],
    { oldKeyId: 'b', newKeyId: 'b', introduces: false, bySuperior: true },
  ],
  [
    'recovery',
    recoverRing(createRing('platform', 'a'), null, { oldKeyId: 'r1', newKeyId: 'r2' }, PLATFORM),
    { a: 'active' },
    false,
    [],
    { oldKeyId: 'r1', newKeyId: 'r2', introduces: true, bySuperior: true },
  ],
])('%s', (_, change, states, changesTrust, gone, statement) => {
  expect(statesOf(change)).toEqual(states);
  expect(change.ring.trustEpoch === change.ring.epoch).toBe(changesTrust);
  expect(change.gone).toEqual(gone);
  if (statement === null) expect(change.statement).toBeNull();
  else expect(change.statement).toMatchObject(statement);
});

test.each<[string, Transition | null, Transition['outcome'] | undefined]>([
  ['a rollback', rolledBack.transition, 'rolled_back'],
  ['its settling', settleRollback(rolledBack.ring, rolledBack.transition, at(85)).transition, 'rolled_back'],
  ['a revoke of the old key', revoke(opened, 'a').transition, 'revoked'],
  ['a revoke of the new key', revoke(opened, 'b').transition, 'revoked'],
  ['a revoke while a rollback settles', revoke(rolledBack, 'b').transition, 'rolled_back'],
  ['a revoke after a close', revoke(close, 'b').transition, 'closed'],
  ['a recommit', recommitRing(opened.ring, opened.transition).transition, null],
  ['a stage', staged.transition, undefined],
])('a transition after %s', (_, transition, outcome) => expect(transition?.outcome).toBe(outcome));

const settled = settleRollback(rolledBack.ring, rolledBack.transition, at(85));
const unstaged = unstageKey(staged.ring, null, { keyId: 'b' });

test.each<[string, () => unknown, RefusalCode, object?]>([
  ['stage while a rotation is open', () => stage(opened, { newKeyId: 'c' }), 'rotation_in_progress', { newKeyId: 'b' }],
  [
    'stage while a rollback settles',
    () => stage(rolledBack, { newKeyId: 'c' }),
    'rollback_settling',
    { keyId: 'b', settlesAt: at(85) },
  ],
  ['stage beside a staged key', () => stage(staged, { newKeyId: 'c' }), 'another_key_is_staged', { keyId: 'b' }],
  ['stage of a key id that was unstaged', () => stage(unstaged), 'key_id_in_use', { newKeyId: 'b' }],
  ['stage for less than the propagation delay', () => stage(fresh, { rotateBy: at(10) }), 'invariant_violation'],
  ['rotate to another key than the staged one', () => rotate(staged, { newKeyId: 'c' }), 'another_key_is_staged'],
  [
    'rotate to a staged key too soon',
    () => rotate(staged, { openedAt: at(9) }),
    'not_propagated_yet',
    { keyId: 'b', propagatedAt: at(10) },
  ],
  ['rotate to a staged key too late', () => rotate(staged, { openedAt: at(60) }), 'staged_key_expired'],
  ['… by force', () => rotate(staged, { openedAt: at(60), force: true }), 'staged_key_expired', { rotateBy: at(60) }],
  ['rotate while a rollback settles', () => rotate(rolledBack, { newKeyId: 'c' }), 'rollback_settling'],
  ['unstage of another key', () => unstageKey(staged.ring, null, { keyId: 'a' }), 'key_not_staged', { keyId: 'a' }],
  [
    'unstage where none is staged',
    () => unstageKey(fresh.ring, null, { keyId: 'b' }),
    'key_not_staged',
    { keyId: 'b' },
  ],
  ['unstage of none, where none is staged', () => unstageKey(fresh.ring, null, {}), 'key_not_staged', {}],
  ['rollback of a closed rotation', () => rollback(close), 'no_open_rotation'],
  ['rollback of a settled one', () => rollback(settled), 'no_open_rotation'],
  ['rollback of another', () => rollback(opened, { newKeyId: 'x' }), 'transition_mismatch', { oldKeyId: 'a' }],
  [
    'rollback of another scope’s',
    () => rollback({ ...opened, transition: { ...opened.transition!, scope: 'domain:2' } }),
    'invariant_violation',
  ],
  [
    'rollback by the platform’s own key, of a key that Nodes have dropped',
    () => rollback(opened, { at: at(105) }, PLATFORM),
    'recovery_key_needed',
  ],
  [
    'settling before its end',
    () => settleRollback(rolledBack.ring, rolledBack.transition, at(84.999)),
    'rollback_settling',
  ],
  ['settling twice', () => settleRollback(settled.ring, settled.transition, at(90)), 'no_open_rotation'],
  ['revoke of an unknown key', () => revoke(fresh, 'x'), 'unknown_key', { keyId: 'x' }],
  ['revoke of a retired key', () => revoke(close, 'a'), 'key_retired', { keyId: 'a' }],
  ['revoke of a revoked key', () => revoke(revoke(fresh, 'a'), 'a'), 'key_revoked', { keyId: 'a' }],
  ['revoke with a used key id for the new key', () => revoke(fresh, 'a', { newKeyId: 'a' }), 'key_id_in_use'],
  [
    'recovery in a ring that the recovery key does not vouch for',
    () => recoverRing(fresh.ring, null, { oldKeyId: 'r1', newKeyId: 'r2' }, DOMAIN),
    'invariant_violation',
  ],
  [
    'recovery to the same key',
    () => recoverRing(fresh.ring, null, { oldKeyId: 'r1', newKeyId: 'r1' }, PLATFORM),
    'invariant_violation',
  ],
])('refuses %s', (_, command, code, members = {}) => expect(refusalOf(command)).toMatchObject({ code, members }));

it('rotates to a staged key by force before it is propagated', () => {
  expect(activeKey(rotate(staged, { openedAt: at(1), force: true }).ring).keyId).toBe('b');
});

it('rolls the platform back by its own key while every Node holds the old one, and by the recovery key at any time', () => {
  expect(rollback(opened, { at: at(104.999) }, PLATFORM).statement?.bySuperior).toBe(false);
  expect(rollback(opened, { at: at(999), byRecoveryKey: true }, PLATFORM).statement?.bySuperior).toBe(true);
});

it('keeps no key staged that was rotated to, taken back or left behind', () => {
  for (const { ring } of [rotate(staged, { openedAt: at(20) }), unstaged, revoke(staged, 'a')]) {
    expect(stagedKey(ring)).toBeUndefined();
  }
});

describe('a key that is published before it signs', () => {
  const ISSUER = scopePolicy('issuer');
  const NOT_YET = { code: 'not_propagated_yet', members: { keyId: 'b', propagatedAt: null } };
  const tokens = { longestTokenMs: 60 * SECOND_MS, leaseMs: SECOND_MS };
  const born = createRing('issuer:web', 'a', tokens);
  const { ring } = stageKey(born, null, { ...SPANS, newKeyId: 'b', stagedAt: at(0), rotateBy: at(60) }, ISSUER);
  const publishedAt = (time: Date) => ({ ...ring, keys: ring.keys.map((key) => ({ ...key, publishedAt: time })) });
  const rotate = (of: KeyRing, over: object) =>
    refusalOf(() => openRotation(of, null, { ...SPANS, openedAt: at(20), tokens, ...over }, ISSUER));

  it('signs before everybody serves it by nobody’s force', () => {
    for (const force of [false, true]) {
      expect(rotate(ring, { force })).toMatchObject(NOT_YET);
    }
  });

  it('has propagated so long after everybody serves it, and not after its stage', () => {
    expect(rotate(publishedAt(at(11)), {})).toMatchObject({
      ...{ code: 'not_propagated_yet', members: { keyId: 'b', propagatedAt: at(21) } },
    });
    for (const [time, force] of [
      [at(11), true],
      [at(10), false],
    ] as const) {
      const { ring: rotated } = openRotation(
        publishedAt(time),
        null,
        { ...SPANS, openedAt: at(20), tokens, force },
        ISSUER,
      );
      expect(activeKey(rotated).keyId).toBe('b');
    }
  });

  it('signs not at all where it is about to be taken back for one of another algorithm', () => {
    for (const force of [false, true]) {
      expect(rotate(publishedAt(at(1)), { force, isReplaced: true })).toMatchObject(NOT_YET);
    }
  });
});
