import { createRing, type KeyRing } from './key-ring';
import { closesItselfAt, nextStep, type NextStep, type RingFacts, type StepPolicy } from './next-step';
import { counted } from './progress';
import { revokeKey } from './revoke';
import { rollbackRotation } from './rollback';
import { openRotation } from './rotation';
import { scopePolicy } from './scope-policy';
import { stageKey } from './stage';
import type { Transition } from './transition';

const SECOND_MS = 1_000;
const T0 = Date.parse('2026-01-01T00:00:00Z');
const at = (seconds: number): Date => new Date(T0 + seconds * SECOND_MS);
const KIND = scopePolicy('domain');
const SPANS = { overlapWindowMs: 100 * SECOND_MS, clockSkewMs: 0, propagationDelayMs: 10 * SECOND_MS };

const fresh = createRing('platform', 'a');
const stage = { ...SPANS, newKeyId: 'b', stagedAt: at(0), rotateBy: at(60) };
const staged = stageKey(fresh, null, stage, KIND).ring;
const opened = openRotation(fresh, null, { ...SPANS, newKeyId: 'b', openedAt: at(0) }, KIND);
const settling = { stalenessMs: 5 * SECOND_MS, relayLagMs: 0, clockSkewMs: 0, at: at(0), oldKeyId: 'a', newKeyId: 'b' };
const rolledBack = rollbackRotation(opened.ring, opened.transition, settling, KIND);
const revoke = { ...SPANS, keyId: 'b', newKeyId: 'c', discardStaged: false, at: at(0) };
const revoked = revokeKey(rolledBack.ring, rolledBack.transition, revoke, KIND);

const BY_HAND: StepPolicy = {
  ...{ gate: 'nodes', newKey: 'signs_at_once' },
  ...{ mostTrusted: 2, algorithm: 'Ed25519', standby: false, clockSkewMs: 0, bothForMs: 0 },
  rotateEvery: null,
  close: 'manual',
  propagationDelayMs: SPANS.propagationDelayMs,
  nextFiring: () => null,
};
const EVERY = { ...BY_HAND, rotateEvery: { everyMs: 1_000 * SECOND_MS } } as const;
const CRON = { ...BY_HAND, rotateEvery: { cron: 'x' }, nextFiring: (_: string, after: Date) => new Date(+after + 1) };

const factsOf = (ring: KeyRing, facts: Partial<RingFacts> = {}): RingFacts => ({
  switchedEpoch: ring.epoch,
  undestroyed: [],
  promotion: null,
  stagedAlgorithm: null,
  progress: { enrolled: 0, applied: 0, pending: counted([]), lagging: counted([]) },
  members: [],
  scheduledSince: at(0),
  ...facts,
});

const step = (
  { ring, transition = null }: { ring: KeyRing; transition?: Transition | null },
  seconds: number,
  { policy = BY_HAND, facts = {} }: { policy?: StepPolicy; facts?: Partial<RingFacts> } = {},
): NextStep | null => nextStep(ring, transition, policy, factsOf(ring, facts), at(seconds));

const nodes = (enrolled: number, applied: number, pending = 0): RingFacts['progress'] => ({
  ...{ enrolled, applied },
  pending: counted(Array<string>(pending).fill('n')),
  lagging: counted(Array<string>(enrolled - applied - pending).fill('n')),
});

describe('what a process that died left behind', () => {
  it('is finished first, the switch before the keys', () => {
    const facts = { switchedEpoch: 0, undestroyed: ['z'] };
    expect(step(rolledBack, 1_000, { facts })?.step).toBe('finish_switch');
    expect(step(rolledBack, 1_000, { facts: { undestroyed: ['z'] } })).toMatchObject({
      step: 'destroy_keys',
      keyIds: ['z'],
    });
  });

  it('is nothing where all is recorded', () => expect(step({ ring: fresh }, 1_000)).toBeNull());
});

describe('what ends by itself', () => {
  it.each([
    ['a rollback that settles', rolledBack, 4.999, undefined],
    ['a rollback that has settled', rolledBack, 5, { step: 'settle', keyId: 'b' }],
    ['a rollback whose key was revoked', revoked, 5, undefined],
    ['a staged key in time', { ring: staged }, 59.999, undefined],
    ['a staged key that nobody rotated to', { ring: staged }, 60, { step: 'unstage', keyId: 'b' }],
    ['a window that is over, and closed by hand', opened, 1_000, undefined],
  ])('%s', (_, state, seconds, expected) => {
    expect(step(state, seconds)).toEqual(expected === undefined ? null : expect.objectContaining(expected));
  });
});

describe('an automatic close', () => {
  const policy = { ...BY_HAND, close: 'automatic' } as const;

  it.each([
    [99.999, undefined],
    [100, 'close'],
  ])('%d s after the opening: %s', (seconds, expected) => {
    expect(step(opened, seconds, { policy })?.step).toBe(expected);
  });

  it('leaves what is over alone', () => expect(step(rolledBack, 4, { policy })).toBeNull());

  it('is foretold, and nothing is where it is closed by hand', () => {
    const old = { longestTokenMs: null, tokensUntil: null };
    expect(closesItselfAt(opened.transition, old, policy)).toEqual(at(100));
    expect(closesItselfAt(opened.transition, old, BY_HAND)).toBeNull();
  });
});

describe('a promotion', () => {
  const promotion = { keyId: 'b', percent: 80, deadline: at(50) };
  const facts = (progress: RingFacts['progress'], over = {}) => ({ promotion: { ...promotion, ...over }, progress });

  it.each([
    ['eight of ten', 20, nodes(10, 8), 'promote'],
    ['seven of ten', 20, nodes(10, 7), undefined],
    ['four of five that were ever seen', 20, nodes(10, 4, 5), 'promote'],
    ['nobody was ever seen', 20, nodes(3, 0, 3), 'promote'],
    ['all, before the key is propagated', 9.999, nodes(10, 10), undefined],
    ['too few until the deadline', 50, nodes(10, 7), 'drop_promotion'],
    ['enough, but past the deadline', 50, nodes(10, 10), 'drop_promotion'],
  ] as const)('%s: %d s', (_, seconds, progress, expected) => {
    expect(step({ ring: staged }, seconds, { facts: facts(progress) })?.step).toBe(expected);
  });

  it('is dropped where its key is not staged any more', () => {
    expect(step({ ring: fresh }, 20, { facts: facts(nodes(10, 10)) })?.step).toBe('drop_promotion');
    expect(step({ ring: staged }, 20, { facts: facts(nodes(10, 10), { keyId: 'c' }) })?.step).toBe('drop_promotion');
  });
});

describe('a schedule', () => {
  it('is due once its time has come, shifted for its scope by a twentieth at most', () => {
    expect(step({ ring: fresh }, 999, { policy: EVERY })).toBeNull();
    const due = step({ ring: fresh }, 1_050, { policy: EVERY });
    expect(due?.step).toBe('stage');
    expect(due).toEqual(step({ ring: fresh }, 9_999_999, { policy: EVERY }));
  });

  it('of a cron expression is due when that fires', () => {
    expect(step({ ring: fresh }, 601, { policy: CRON })?.step).toBe('stage');
    expect(step({ ring: fresh }, 1_000, { policy: { ...CRON, nextFiring: () => null } })).toBeNull();
  });

  it('counts from when it was last acted on: what was missed is caught up once', () => {
    expect(step({ ring: fresh }, 9_000, { policy: EVERY, facts: { scheduledSince: at(8_999) } })).toBeNull();
  });

  it.each([
    ['a rotation is open', opened, 'due, and a rotation is open'],
    [
      'a key is staged',
      { ring: stageKey(fresh, null, { ...stage, rotateBy: at(9_999) }, KIND).ring },
      'due, and a key is staged',
    ],
    [
      'a rollback settles',
      rollbackRotation(opened.ring, opened.transition, { ...settling, at: at(1_999) }, KIND),
      'due, and a rollback settles',
    ],
  ])('waits while %s', (_, state, reason) => {
    expect(step(state, 2_000, { policy: EVERY })).toMatchObject({ step: 'wait', reason });
  });

  it('does not fall on one instant for all', () => {
    const due = ['domain:1', 'domain:2', 'domain:3'].map((scope) => {
      const found = step({ ring: createRing(scope, 'a') }, 2_000, { policy: EVERY });
      return found?.step === 'stage' ? found.dueAt.getTime() : undefined;
    });
    expect(new Set(due).size).toBe(3);
  });
});

describe('a ring that keeps a standby', () => {
  const ISSUER = scopePolicy('issuer');
  const ALGORITHM = { algorithm: 'ES256', standby: true } as const;
  const KEEPS = { ...BY_HAND, ...ALGORITHM, gate: ISSUER.gate, mostTrusted: ISSUER.mostTrusted } as const;
  const tokens = { longestTokenMs: 300 * SECOND_MS, leaseMs: 10 * SECOND_MS };
  const born = createRing('issuer:web', 'a', tokens);
  const within = { ...stage, rotateBy: at(99_999) };
  const published = ({ keys, ...ring }: KeyRing): KeyRing => ({
    ...ring,
    keys: keys.map((key) => ({ ...key, publishedAt: key.stagedAt })),
  });
  const first = published(stageKey(born, null, within, ISSUER).ring);
  const switched = openRotation(first, null, { ...SPANS, openedAt: at(10), tokens }, ISSUER);
  const second = stageKey(switched.ring, switched.transition, { ...within, newKeyId: 'c', stagedAt: at(11) }, ISSUER);
  const facts = { stagedAlgorithm: 'ES256' };

  it('stages it where it is missing: after its birth, after a switch, while the rotation is open', () => {
    expect(step({ ring: born }, 0, { policy: KEEPS })?.step).toBe('stage_standby');
    expect(step(switched, 11, { policy: KEEPS })?.step).toBe('stage_standby');
    expect(step(second, 12, { policy: KEEPS, facts })).toBeNull();
  });

  it('does so for no ring where it is decided otherwise', () => {
    expect(step({ ring: born }, 0, { policy: { ...KEEPS, standby: false } })).toBeNull();
  });

  it('takes it back where another algorithm is decided', () => {
    const other = { policy: { ...KEEPS, algorithm: 'RS256' }, facts };
    expect(step({ ring: first }, 0, other)).toMatchObject({ step: 'unstage', keyId: 'b' });
  });

  it('rotates to it by schedule, once it is propagated and no rotation is open, whatever settles', () => {
    const policy = { ...KEEPS, ...EVERY, ...ALGORITHM, gate: ISSUER.gate, mostTrusted: ISSUER.mostTrusted };
    const due = { policy, facts: { ...facts, scheduledSince: at(-2_000) } };
    expect(step({ ring: first }, 9.999, due)).toMatchObject({ step: 'wait' });
    expect(step({ ring: first }, 10, due)).toMatchObject({ step: 'rotate', keyId: 'b' });
    expect(step(second, 30, due)).toMatchObject({ step: 'wait' });
    const back = rollbackRotation(second.ring, second.transition, { ...settling, tokens, at: at(20) }, ISSUER);
    expect(step(back, 30, due)).toMatchObject({ step: 'rotate', keyId: 'c' });
  });

  it('closes by itself once the window and the last token are over', () => {
    const policy = { ...KEEPS, close: 'automatic', clockSkewMs: 5 * SECOND_MS } as const;
    const known = (seconds: number | null) => ({
      ...second,
      ring: {
        ...second.ring,
        keys: second.ring.keys.map((key) =>
          key.state === 'retiring' ? { ...key, tokensUntil: seconds === null ? null : at(seconds) } : key,
        ),
      },
    });
    expect(step(known(300), 304.999, { policy, facts })).toBeNull();
    expect(step(known(300), 305, { policy, facts })).toMatchObject({ step: 'close', oldKeyId: 'a' });
    expect(step(known(50), 109.999, { policy, facts })).toBeNull();
    expect(step(known(50), 110, { policy, facts })?.step).toBe('close');
    expect(step(known(null), 9_000, { policy, facts })).toBeNull();
    const foretold = (seconds: number | null) =>
      closesItselfAt(
        second.transition!,
        known(seconds).ring.keys.find(({ state }) => state === 'retiring')!,
        policy,
      );
    expect([300, 50, null].map(foretold)).toEqual([at(305), at(110), null]);
  });
});
