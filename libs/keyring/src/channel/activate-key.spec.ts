import { at, BOTH_SIDES, proves, receiver, refusalOf, sender, STAGED, TERMS } from '../../testing/channel-members';
import { Refusal } from '../refusal';
import type { Transition } from '../transition';
import { activateKey, isActivationLate, mayActivate, signsFrom } from './activate-key';
import type { Member } from './member';

const NEW = { keyId: 'new', propagationDelayMs: TERMS.propagationDelayMs };
const proven = (name: string, minutes: number, facts: Partial<Member> = {}) =>
  receiver(name, { ...proves({ new: at(minutes) }), ...facts });

describe('a staged key may sign', () => {
  it.each<[string, readonly Member[], boolean, string[]]>([
    ['not while nobody receives', [sender('app-1')], false, []],
    ['not while one receiver of two has not proven it', [proven('a', 1), receiver('b')], false, ['b']],
    ['not by the proof of another key', [receiver('a', proves({ old: at(1) }))], false, ['a']],
    ['once all of them have', [proven('a', 1), proven('b', 2)], true, []],
    ['whatever senders hold: they are not asked', [proven('a', 1), sender('app-1')], true, []],
    ['not by a proof of a sender alone', [sender('app-1', proves({ new: at(1) }))], false, []],
    ['not while who reads what a sink wrote may not have done so', [proven('s', 1, { isSink: true })], false, ['s']],
    ['once it surely has', [proven('s', -6, { isSink: true }), proven('a', 4)], true, []],
  ])('%s', (_, members, allowed, waitingFor) => {
    const gate = mayActivate(members, NEW, at(4));
    expect({ allowed: gate.allowed, waitingFor: gate.waitingFor.map(({ name }) => name) }).toEqual({
      allowed,
      waitingFor,
    });
  });

  it('from a time on that is known as soon as all have proven it', () => {
    const sink = proven('s', 1, { isSink: true });
    expect(mayActivate([proven('a', 2), sink], NEW, at(4)).from).toEqual(at(11));
    expect(mayActivate([proven('a', 2), sink], NEW, at(11)).allowed).toBe(true);
    expect(mayActivate([receiver('a'), sink], NEW, at(4)).from).toBeNull();
  });
});

describe('it does not sign', () => {
  const { ring, transition } = STAGED;
  const all = [sender('app-1'), proven('plugin-1', 1)];
  const activated = activateKey(ring, transition, all, TERMS, at(2));

  it('where a receiver that came meanwhile has not proven it, whoever says so', () => {
    const late = [...all, receiver('plugin-2')];
    expect(refusalOf(() => activateKey(ring, transition, late, TERMS, at(2)))).toEqual({
      code: 'not_proven_yet',
      members: { keyId: 'new', waitingFor: ['plugin-2'], provenFrom: null },
    });
    expect(() => activateKey(ring, transition, BOTH_SIDES, TERMS, at(2))).toThrow(new Refusal('not_proven_yet'));
  });

  it('a second time', () => {
    expect(() => activateKey(activated.ring, activated.transition, all, TERMS, at(3))).toThrow(
      new Refusal('key_not_staged'),
    );
  });

  it('of a rotation that is none, has ended, or is of another ring', () => {
    const ended = { ...transition, outcome: 'rolled_back' } as const;
    expect(() => activateKey(ring, null, all, TERMS, at(2))).toThrow(new Refusal('no_open_rotation'));
    expect(() => activateKey(ring, ended, all, TERMS, at(2))).toThrow(new Refusal('no_open_rotation'));
    const foreign = { ...transition, scope: 'channel:acme:plugin-to-app' };
    expect(() => activateKey(ring, foreign, all, TERMS, at(2))).toThrow(new Refusal('invariant_violation'));
  });

  it('and is late when it waits for longer than it should; one that signs, or has ended, waits for nobody', () => {
    const late = (minutes: number, of: Transition | null = transition, members = BOTH_SIDES) =>
      isActivationLate(members, of, { ...TERMS, activateWithinMs: 900_000 }, at(minutes));
    expect([late(14.99), late(15), late(99, activated.transition)]).toEqual([false, true, false]);
    expect([late(99, { ...transition, outcome: 'rolled_back' }), late(99, null)]).toEqual([false, false]);
    // A sink that has written it late is not: who reads that has its time. While another has not proven it, it is.
    const sink = proven('s', 14, { isSink: true });
    expect([late(15, transition, [sink]), late(23.99, transition, [sink])]).toEqual([false, false]);
    expect([late(24, transition, [sink]), late(15, transition, [sink, receiver('a')])]).toEqual([true, true]);
  });

  it('and says from when on it does, while it is staged alone', () => {
    const from = (of: Transition | null, ...members: Member[]) => signsFrom(members, of, TERMS, at(4));
    const sink = proven('s', 1, { isSink: true });
    expect([from(transition, sink), from(transition, sink, receiver('a'))]).toEqual([at(11), null]);
    expect([from(activated.transition, sink), from(null, sink)]).toEqual([null, null]);
  });
});
