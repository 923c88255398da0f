// What a channel's ring has done without anybody's asking.
import { at, CHANNEL, FIRST, proves, receiver, sender, STAGED, TERMS } from '../../testing/channel-members';
import type { KeyRing } from '../key-ring';
import { closesItselfAt, nextStep, type StepPolicy } from '../next-step';
import { counted } from '../progress';
import type { Transition } from '../transition';
import { activateKey } from './activate-key';
import type { Member } from './member';
import { rollbackChannel } from './rollback-channel';

const PROVEN = receiver('plugin-1', proves({ old: at(-60), new: at(1) }));
const BY_HAND: StepPolicy = {
  ...CHANNEL,
  ...TERMS,
  ...{ rotateEvery: null, close: 'manual', standby: false, nextFiring: () => null },
};
const AUTOMATIC: StepPolicy = { ...BY_HAND, close: 'automatic' };
const DAILY: StepPolicy = { ...BY_HAND, rotateEvery: { cron: 'daily' }, nextFiring: () => at(5) };

const active = activateKey(STAGED.ring, STAGED.transition, [PROVEN], TERMS, at(2));
const named = { oldKeyId: 'old', newKeyId: 'new', members: [PROVEN], at: at(10) };
const back = rollbackChannel(active.ring, active.transition, named, TERMS);

interface At {
  ring: KeyRing;
  transition: Transition | null;
  switchedEpoch?: number;
}
const step = (
  { ring, transition, switchedEpoch = ring.epoch }: At,
  policy: StepPolicy,
  members: readonly Member[],
  minutes: number,
) => {
  const facts = {
    ...{ switchedEpoch, undestroyed: [], promotion: null, stagedAlgorithm: null, members },
    ...{ progress: { enrolled: 0, applied: 0, pending: counted([]), lagging: counted([]) }, scheduledSince: at(0) },
  };
  return nextStep(ring, transition, policy, facts, at(minutes));
};

it('a staged key is activated once it may sign, however it was opened, and not before', () => {
  expect(step(STAGED, BY_HAND, [receiver('plugin-1')], 999)).toBeNull();
  expect(step(STAGED, BY_HAND, [PROVEN], 1)).toMatchObject({ step: 'activate', keyId: 'new' });
  expect(step(active, BY_HAND, [PROVEN], 3)).toBeNull();
});

it('what a process that died has left comes before it', () => {
  expect(step({ ...STAGED, switchedEpoch: 1 }, BY_HAND, [PROVEN], 1)?.step).toBe('finish_switch');
});

describe('it closes by itself', () => {
  it('at closes_at where the policy says so, whoever lags', () => {
    const closes = { step: 'close', oldKeyId: 'old', newKeyId: 'new' };
    expect(step(active, AUTOMATIC, [sender('app-1'), PROVEN], 61.9)).toBeNull();
    expect(step(active, AUTOMATIC, [sender('app-1'), PROVEN], 62)).toMatchObject(closes);
    expect(step(active, BY_HAND, [PROVEN], 999)).toBeNull();
  });

  it('never while the key is staged: its closes_at is none yet', () => {
    expect(step(STAGED, AUTOMATIC, [receiver('plugin-1')], 999)).toBeNull();
    const old = { longestTokenMs: null, tokensUntil: null };
    expect(closesItselfAt(STAGED.transition, old, AUTOMATIC)).toBeNull();
    expect(closesItselfAt(active.transition, old, AUTOMATIC)).toEqual(at(62));
  });
});

it('what was rolled back settles by facts, and by the time where those lack', () => {
  const settles = { step: 'settle', keyId: 'new' };
  const acknowledged = sender('app-1', { acknowledgedAt: at(12) });
  expect(step(back, BY_HAND, [acknowledged], 16.9)).toBeNull();
  expect(step(back, BY_HAND, [acknowledged], 17)).toMatchObject(settles);
  expect(step(back, BY_HAND, [sender('app-1')], 62.4)).toBeNull();
  expect(step(back, BY_HAND, [sender('app-1')], 62.5)).toMatchObject(settles);
});

describe('a schedule', () => {
  const jitterMinutes = 10;
  const first = { ring: FIRST, transition: null };

  it('opens a rotation, and the rest goes by facts', () => {
    expect(step(first, DAILY, [PROVEN], 5 + jitterMinutes)).toMatchObject({ step: 'open', reason: 'due' });
    expect(step(first, DAILY, [PROVEN], 4)).toBeNull();
  });

  it('waits while a rotation is open, in whichever phase, or a rollback settles', () => {
    const waits = { step: 'wait' };
    expect(step(STAGED, DAILY, [receiver('plugin-1')], 20)).toMatchObject({
      ...waits,
      reason: 'due, and a rotation is open',
    });
    expect(step(active, DAILY, [PROVEN], 20)).toMatchObject(waits);
    expect(step(back, DAILY, [sender('app-1')], 20)).toMatchObject({ ...waits, reason: 'due, and a rollback settles' });
  });
});
