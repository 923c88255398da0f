import {
  at,
  CHANNEL,
  opening,
  proves,
  receiver,
  refusalOf,
  sender,
  STAGED,
  TERMS,
} from '../../testing/channel-members';
import type { KeyRing } from '../key-ring';
import { Refusal } from '../refusal';
import { revokeKey } from '../revoke';
import { activateKey } from './activate-key';
import { closeChannelRotation } from './close-channel-rotation';
import type { Member } from './member';
import { openChannelRotation } from './open-channel-rotation';
import { maySettle, rollbackChannel, settleChannel } from './rollback-channel';

const NAMED = { oldKeyId: 'old', newKeyId: 'new' };
const RECEIVER = receiver('plugin-1', proves({ old: at(-60), new: at(-30) }));
/** The new key signs since minute 0; the window is an hour. */
const active = activateKey(STAGED.ring, STAGED.transition, [RECEIVER], TERMS, at(0));
const backAt = (minutes: number, members: readonly Member[] = [sender('app-1'), RECEIVER]) =>
  rollbackChannel(active.ring, active.transition, { ...NAMED, members, at: at(minutes) }, TERMS);
const back = backAt(10);
const states = ({ keys }: KeyRing) => Object.fromEntries(keys.map(({ keyId, state }) => [keyId, state]));
const endOf = ({ keys }: KeyRing, id: string) => keys.find(({ keyId }) => keyId === id)?.verifiesUntil;

it('while it is staged the new key goes at once, whoever holds it', () => {
  const members = [sender('app-1'), receiver('plugin-1', proves({ new: at(1) }))];
  const rolledBack = rollbackChannel(STAGED.ring, STAGED.transition, { ...NAMED, members, at: at(2) }, TERMS);
  expect(states(rolledBack.ring)).toEqual({ old: 'active', new: 'retired' });
  expect([rolledBack.gone, rolledBack.transition.outcome]).toEqual([['new'], 'rolled_back']);
  expect(maySettle(rolledBack.ring, rolledBack.transition, members, TERMS, at(2))).toBeNull();
  expect(
    openChannelRotation(rolledBack.ring, rolledBack.transition, opening({ newKeyId: 'third' }), CHANNEL).change,
  ).toBe('rotate');
});

describe('in the overlap', () => {
  it('the old key signs again, and the new one verifies until closes_at at most', () => {
    expect(states(back.ring)).toEqual({ old: 'active', new: 'retiring' });
    expect([endOf(back.ring, 'old'), endOf(back.ring, 'new')]).toEqual([null, at(60.5)]);
    expect([back.gone, back.transition.outcome, back.ring.trustEpoch]).toEqual([[], 'rolled_back', back.ring.epoch]);
  });

  it('late, it verifies for as long as a sender needs that is just being told', () => {
    // Relay lag 1, propagation 10, both keys 5, skew 0.5.
    expect(endOf(backAt(59).ring, 'new')).toEqual(at(75.5));
  });

  it.each<[string, readonly Member[], number, string[]]>([
    ['has lost the old key', [RECEIVER, receiver('plugin-2', proves({ new: at(1) }))], 10, ['plugin-2']],
    ['has joined, and proven nothing yet', [RECEIVER, receiver('plugin-2')], 10, ['plugin-2']],
    ['drops it by itself by now', [RECEIVER], 60.5, ['plugin-1']],
  ])('not where somebody who receives %s', (_, members, minutes, waitingFor) => {
    expect(refusalOf(() => backAt(minutes, members))).toEqual({
      code: 'not_proven_yet',
      members: { keyId: 'old', waitingFor, provenFrom: null },
    });
  });
});

it('after the close there is no way back, and that is what is said', () => {
  const closing = { ...NAMED, members: [RECEIVER], at: at(60), force: false };
  const { ring, transition } = closeChannelRotation(active.ring, active.transition, closing, TERMS);
  const asked = { ...NAMED, members: [RECEIVER], at: at(61) };
  expect(() => rollbackChannel(ring, transition, asked, TERMS)).toThrow(new Refusal('rotation_closed'));
});

it('nothing is rolled back that is none, is another, or was rolled back', () => {
  const asked = { ...NAMED, members: [RECEIVER], at: at(1) };
  const roll =
    (of: Parameters<typeof rollbackChannel>[1], command = asked) =>
    () =>
      rollbackChannel(active.ring, of, command, TERMS);
  expect(roll(null)).toThrow(new Refusal('no_open_rotation'));
  expect(roll(back.transition)).toThrow(new Refusal('no_open_rotation'));
  expect(roll(active.transition, { ...asked, newKeyId: 'x' })).toThrow(new Refusal('transition_mismatch'));
});

describe('what was rolled back settles', () => {
  const acknowledged = sender('app-1', { acknowledgedAt: at(12) });
  const settling = (members: readonly Member[], minutes: number) =>
    maySettle(back.ring, back.transition, members, TERMS, at(minutes));

  it.each<[string, readonly Member[], Date, string[]]>([
    ['five minutes after every sender has acknowledged', [acknowledged, RECEIVER], at(17), []],
    ['the propagation delay later, where one is a sink', [{ ...acknowledged, isSink: true }], at(27), []],
    ['when its time is over, while one lags', [acknowledged, sender('app-2')], at(60.5), ['app-2']],
    ['then at the latest', [sender('app-1', { acknowledgedAt: at(59) })], at(60.5), []],
  ])('%s', (_, members, from, waitingFor) => {
    const before = new Date(from.getTime() - 1);
    expect(settling(members, 13)).toMatchObject({ allowed: false, from });
    expect(settling(members, 13)?.waitingFor.map(({ name }) => name)).toEqual(waitingFor);
    expect(maySettle(back.ring, back.transition, members, TERMS, before)?.allowed).toBe(false);
    expect(maySettle(back.ring, back.transition, members, TERMS, from)?.allowed).toBe(true);
  });

  it('at once where nobody sends', () => expect(settling([RECEIVER], 10)?.allowed).toBe(true));

  it('and goes; until then no other key comes in, and it is said whom it waits for', () => {
    const settle = (minutes: number) => settleChannel(back.ring, back.transition, [acknowledged], TERMS, at(minutes));
    expect(refusalOf(() => settle(16.9))).toEqual({
      code: 'rollback_settling',
      members: { keyId: 'new', settlesAt: at(17), waitingFor: [] },
    });
    const again = (members: readonly Member[]) => () =>
      openChannelRotation(
        back.ring,
        back.transition,
        opening({ newKeyId: 'third', openedAt: at(16.9), members }),
        CHANNEL,
      );
    const settling = { keyId: 'new', settlesAt: at(17), waitingFor: [] };
    expect(refusalOf(again([acknowledged, RECEIVER]))).toEqual({ code: 'rollback_settling', members: settling });
    expect(refusalOf(again([acknowledged, sender('app-2'), RECEIVER]))).toEqual({
      code: 'rollback_settling',
      members: { ...settling, settlesAt: at(60.5), waitingFor: ['app-2'] },
    });
    const settled = settle(17);
    expect([settled.gone, states(settled.ring)]).toEqual([['new'], { old: 'active', new: 'retired' }]);
    expect(settled.ring.trustEpoch).toBe(back.ring.trustEpoch);
    expect(() => settleChannel(settled.ring, settled.transition, [], TERMS, at(18))).toThrow(
      new Refusal('no_open_rotation'),
    );
  });
});

it('what a revoke leaves settles as well: no other key comes in before every sender has switched', () => {
  const revoking = { keyId: 'new', newKeyId: 'third', discardStaged: false, at: at(10), ...TERMS };
  const revoked = revokeKey(active.ring, active.transition, revoking, CHANNEL);
  expect(states(revoked.ring)).toEqual({ old: 'retiring', new: 'revoked', third: 'active' });
  const next = opening({ newKeyId: 'fourth', openedAt: at(12), members: [sender('app-1'), RECEIVER] });
  expect(refusalOf(() => openChannelRotation(revoked.ring, revoked.transition, next, CHANNEL))).toMatchObject({
    ...{ code: 'rollback_settling', members: { keyId: 'old', waitingFor: ['app-1'] } },
  });
  const acknowledged = sender('app-1', { acknowledgedAt: at(12) });
  expect(settleChannel(revoked.ring, revoked.transition, [acknowledged], TERMS, at(17)).gone).toEqual(['old']);
});
