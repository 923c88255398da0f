import { at, proves, receiver, sender, STAGED, TERMS } from '../../testing/channel-members';
import { Refusal } from '../refusal';
import { closeRotation } from '../rotation';
import { activateKey } from './activate-key';
import { channelCloseGate, closeChannelRotation } from './close-channel-rotation';
import type { Member } from './member';

const NAMED = { oldKeyId: 'old', newKeyId: 'new' };
const PROVEN = receiver('plugin-1', proves({ new: at(-30) }));
/** The new key signs since minute 0; the window is an hour. */
const active = activateKey(STAGED.ring, STAGED.transition, [PROVEN], TERMS, at(0));

const refusalOf = (members: readonly Member[], minutes: number) =>
  channelCloseGate(members, active.transition, TERMS, at(minutes), false).refusal;

/** Switched at minute 2, and so signs by the new key alone from minute 7 on. */
const switched = sender('app-1', { acknowledgedAt: at(2) });
const silent = sender('app-2');
const heard = { ...PROVEN, reportedFrom: at(7) };
const usedAt = (minutes: number, periodFrom: number): Member => ({
  ...heard,
  verifiedAloneByOld: { at: at(minutes), periodFrom: at(periodFrom), reportedAt: at(minutes) },
});
/** Used at minute 8, and reported at once; its last report covers what was from then on. */
const quietSince = (minutes: number): Member => ({ ...usedAt(8, 7), reportedFrom: at(minutes) });

describe('before closes_at the old key stays', () => {
  it.each<[string, readonly Member[], number, string, object]>([
    ['while a sender lags', [switched, silent, heard], 30, 'nodes_lagging', { laggingCount: 1, lagging: ['app-2'] }],
    ['for five minutes after the last has switched', [switched, heard], 6.9, 'old_key_in_use', { signsUntil: at(7) }],
    [
      'for the propagation delay more, where that is a sink',
      [
        { ...switched, isSink: true },
        { ...PROVEN, reportedFrom: at(17) },
      ],
      16.9,
      'old_key_in_use',
      { signsUntil: at(17) },
    ],
    ['while a receiver has not reported at all', [switched, PROVEN], 30, 'nodes_lagging', { lagging: ['plugin-1'] }],
    [
      'while it has reported a period alone that began too early',
      [switched, { ...PROVEN, reportedFrom: at(6.9) }],
      30,
      'nodes_lagging',
      { lagging: ['plugin-1'] },
    ],
    [
      'where it was used alone in a period that began later',
      [switched, usedAt(8, 7)],
      30,
      'old_key_in_use',
      { keyId: 'old', nodeId: 'id of plugin-1', name: 'plugin-1', at: at(8) },
    ],
    [
      'for less than five minutes of reports without such a use',
      [switched, quietSince(12.9)],
      30,
      'old_key_in_use',
      { name: 'plugin-1', at: at(8) },
    ],
    [
      'where it was used again before those were over',
      [switched, { ...usedAt(14, 13), reportedFrom: at(15) }],
      30,
      'old_key_in_use',
      { name: 'plugin-1', at: at(14) },
    ],
  ])('%s', (_, members, minutes, code, facts) => {
    expect(refusalOf(members, minutes)?.code).toBe(code);
    expect(refusalOf(members, minutes)?.members).toMatchObject(facts);
  });

  it.each<[string, readonly Member[]]>([
    ['once all have switched and reported', [switched, heard]],
    ['whatever was verified by it before', [switched, usedAt(6, 2)]],
    ['five minutes of reports after the last such use', [switched, quietSince(13)]],
    ['whatever a sink that receives cannot say', [switched, { ...PROVEN, isSink: true }]],
    ['where everybody who sent has left', [{ ...PROVEN, reportedFrom: at(7) }]],
  ])('else it goes, %s', (_, members) => {
    expect(channelCloseGate(members, active.transition, TERMS, at(8), false)).toEqual({
      ...{ allowed: true, forced: false, lagging: [], refusal: null },
      earlyByMs: 52 * 60_000,
    });
  });

  it('or by force, which says over whom', () => {
    const gate = channelCloseGate([switched, silent, PROVEN], active.transition, TERMS, at(30), true);
    expect(gate).toMatchObject({ allowed: true, forced: true, lagging: ['app-2'], refusal: { code: 'nodes_lagging' } });
    expect(channelCloseGate([switched, heard], active.transition, TERMS, at(30), true).forced).toBe(false);
  });
});

it('from closes_at on it goes whoever lags, and those are named', () => {
  const gate = (minutes: number) => channelCloseGate([silent, PROVEN], active.transition, TERMS, at(minutes), false);
  expect(gate(59.99)).toMatchObject({ allowed: false, earlyByMs: 600 });
  expect(gate(60)).toMatchObject({ allowed: true, forced: false, lagging: ['app-2'], earlyByMs: 0, refusal: null });
});

describe('what is staged is never closed', () => {
  const members = [switched, receiver('plugin-1')];
  const close = (minutes: number, force: boolean) => () =>
    closeChannelRotation(STAGED.ring, STAGED.transition, { ...NAMED, members, at: at(minutes), force }, TERMS);

  it.each([
    ['before closes_at', 1, false],
    ['after it', 10_000, false],
    ['by force', 1, true],
  ])('%s: who is waited for is named', (_, minutes, force) => {
    expect(close(minutes, force)).toThrow(new Refusal('not_active_yet'));
    const { refusal } = channelCloseGate(members, STAGED.transition, TERMS, at(minutes), force);
    expect(refusal?.members).toEqual({ ...NAMED, waitingFor: ['plugin-1'] });
  });

  it('nor by who closes rings of other kinds', () => {
    expect(() => closeRotation(STAGED.ring, STAGED.transition, NAMED)).toThrow(new Refusal('not_active_yet'));
  });
});

it('another rotation than the one that was looked at is not closed', () => {
  const closing = { ...NAMED, newKeyId: 'other', members: [switched, heard], at: at(30), force: true };
  expect(() => closeChannelRotation(active.ring, active.transition, closing, TERMS)).toThrow(
    new Refusal('transition_mismatch'),
  );
  expect(() => closeChannelRotation(active.ring, null, closing, TERMS)).toThrow(new Refusal('no_open_rotation'));
});
