import { KEY_STATES, type KeyState } from './key-state';
import { scopePolicy } from './scope-policy';
import { heldKeys, trustedKeys, type VerifyingKey } from './trusted-keys';

const POLICY = scopePolicy('domain');
const UNTIL = new Date('2024-05-02T00:00:30Z');
const BEFORE = new Date(UNTIL.getTime() - 1);

interface NamedKey extends VerifyingKey {
  name: string;
}

const key = (state: KeyState, verifiesUntil = state === 'retiring' ? UNTIL : null): NamedKey => ({
  name: state,
  state,
  verifiesUntil,
});
const namesOf = (keys: NamedKey[]) => keys.map(({ name }) => name);
const trusted = (keys: NamedKey[], now = BEFORE, policy = POLICY) => namesOf(trustedKeys(keys, policy, now));
const refused = expect.objectContaining({ code: 'invariant_violation', members: { field: 'keys' } });

describe('trustedKeys', () => {
  it('has the active key at any time', () => {
    expect(trusted([key('active')], new Date(0))).toEqual(['active']);
    expect(trusted([key('active')], new Date(8.64e15))).toEqual(['active']);
  });

  it('has a retiring key strictly before its end, after the one that signs', () => {
    const keys = [key('retiring'), key('active')];
    expect(trusted(keys, BEFORE)).toEqual(['active', 'retiring']);
    expect(trusted(keys, UNTIL)).toEqual(['active']);
  });

  it('has a staged key, until its end where it has one', () => {
    expect(trusted([key('active'), key('staged')], UNTIL)).toEqual(['active', 'staged']);
    expect(trusted([key('active'), key('staged', UNTIL)], BEFORE)).toEqual(['active', 'staged']);
    expect(trusted([key('active'), key('staged', UNTIL)], UNTIL)).toEqual(['active']);
  });

  it('says the same in whatever order the ring is read, what verifies longest first', () => {
    const roomy = { ...POLICY, mostTrusted: 4 };
    const late = { ...key('retiring', new Date(UNTIL.getTime() + 1)), name: 'late' };
    const keys = [key('retiring'), late, key('active'), key('staged')];
    const expected = ['active', 'staged', 'late', 'retiring'];
    expect(trusted(keys, BEFORE, roomy)).toEqual(expected);
    expect(trusted(keys.toReversed(), BEFORE, roomy)).toEqual(expected);
  });

  it('never has a retired or revoked key, and gives back what it was given', () => {
    const keys = KEY_STATES.filter((state) => state !== 'staged').map((state) => key(state));
    expect(trustedKeys(keys, POLICY, BEFORE)).toEqual([key('active'), key('retiring')]);
  });

  it('has no key at a time that is none', () => {
    expect(trusted([key('retiring'), key('active')], new Date(Number.NaN))).toEqual(['active']);
  });

  it.each([
    ['a retiring key without an end', [{ ...key('retiring'), verifiesUntil: null }]],
    ['an end of the key that signs', [key('active', UNTIL)]],
    ['more keys than a Node has room for', [key('retiring'), key('active'), key('staged')]],
    ['more of them, though one verifies no more', [key('retiring', new Date(0)), key('active'), key('staged')]],
  ])('refuses %s', (_, keys) => {
    expect(() => trusted(keys)).toThrow(refused);
  });
});

describe('heldKeys', () => {
  it('has a retiring key past its end, too, for it is closed by hand', () => {
    expect(namesOf(heldKeys([key('retiring', new Date(0)), key('active')], POLICY))).toEqual(['active', 'retiring']);
  });
});
