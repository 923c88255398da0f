import { at, CHANNEL, FIRST, opening, receiver, refusalOf, sender, STAGED, TERMS } from '../../testing/channel-members';
import { Refusal, type RefusalCode } from '../refusal';
import { revokeKey } from '../revoke';
import { scopePolicy } from '../scope-policy';
import { stageKey, unstageKey } from '../stage';
import { openRotation } from '../rotation';
import { openChannelRotation, type OpenChannelRotation } from './open-channel-rotation';

const open =
  (command: Partial<OpenChannelRotation> = {}) =>
  () =>
    openChannelRotation(FIRST, null, opening(command), CHANNEL);

it.each<[string, Partial<OpenChannelRotation>, RefusalCode, object]>([
  ['to a key without a name', { newKeyId: '' }, 'invariant_violation', { field: 'newKeyId' }],
  ['for no time', { overlapWindowMs: 0 }, 'invariant_violation', { field: 'overlapWindow' }],
  ['for a time that is none', { overlapWindowMs: NaN }, 'invariant_violation', { field: 'overlapWindow' }],
  ['while nobody sends', { members: [receiver('plugin-1')] }, 'no_members', { role: 'sender' }],
  ['while nobody receives', { members: [sender('app-1')] }, 'no_members', { role: 'receiver' }],
  ['while nobody is there', { members: [] }, 'no_members', { role: 'sender' }],
  ['to a key that stood in the ring', { newKeyId: 'old' }, 'key_id_in_use', { newKeyId: 'old' }],
])('none is opened %s', (_, command, code, members) => {
  expect(refusalOf(open(command))).toEqual({ code, members });
});

it('none is opened while another one is, by whatever name', () => {
  const { ring, transition } = STAGED;
  const again = (newKeyId: string) => () => openChannelRotation(ring, transition, opening({ newKeyId }), CHANNEL);
  expect(again('new')).toThrow(new Refusal('rotation_in_progress'));
  expect(again('other')).toThrow(new Refusal('rotation_in_progress'));
});

it('none is opened of another kind of ring, nor another kind of rotation of a channel’s', () => {
  const policy = scopePolicy('domain');
  expect(() => openChannelRotation(FIRST, null, opening(), policy)).toThrow(new Refusal('invariant_violation'));
  const command = { newKeyId: 'new', openedAt: at(0), ...TERMS };
  expect(() => openRotation(FIRST, null, command, CHANNEL)).toThrow(new Refusal('key_not_staged'));
  const staging = { newKeyId: 'new', stagedAt: at(0), rotateBy: at(1_000), ...TERMS };
  expect(() => stageKey(FIRST, null, staging, CHANNEL)).toThrow(new Refusal('invariant_violation'));
});

it('what it has staged goes by a rollback, and not by itself', () => {
  expect(() => unstageKey(STAGED.ring, STAGED.transition, {})).toThrow(new Refusal('rotation_in_progress'));
});

it('the key has no end while it is staged: whom it waits for may be away for long', () => {
  expect(STAGED.ring.keys.at(-1)).toMatchObject({
    state: 'staged',
    verifiesUntil: null,
    rotateBy: null,
    stagedAt: at(0),
  });
});

describe('revoked while it is staged', () => {
  const revoke = (keyId: string, discardStaged = false) =>
    revokeKey(
      STAGED.ring,
      STAGED.transition,
      { keyId, newKeyId: 'other', discardStaged, at: at(1), ...TERMS },
      CHANNEL,
    );
  const states = ({ ring }: ReturnType<typeof revoke>) => ring.keys.map(({ keyId, state }) => `${keyId} ${state}`);

  it('the old one leaves its place to the staged one, which some hold already', () => {
    expect(states(revoke('old'))).toEqual(['old revoked', 'new active']);
    expect(revoke('old').transition?.outcome).toBe('revoked');
  });

  it('or to another, where that is suspect too', () => {
    expect(states(revoke('old', true))).toEqual(['old revoked', 'new retired', 'other active']);
  });

  it('the staged one goes alone', () => {
    expect(states(revoke('new'))).toEqual(['old active', 'new revoked']);
    expect(revoke('new').transition?.outcome).toBe('revoked');
  });
});
