import fc from 'fast-check';
import { nextKeyNews, type RingHistory } from './key-news';
import { activeKey, createRing, type KeyRing } from './key-ring';
import { Refusal, type RefusalCode } from './refusal';
import { closeRotation, openRotation } from './rotation';
import { scopePolicy } from './scope-policy';
import { isOpen, type Transition } from './transition';
import { trustedKeys } from './trusted-keys';

const POLICY = scopePolicy('platform');
const NOW = new Date(0);

/** A small pool, so that key ids are used again and again. */
const KEY_IDS = ['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7'];
const keyId = fc.constantFrom(...KEY_IDS);

type Command =
  | { verb: 'rotate'; newKeyId: string; overlapWindowMs: number }
  | { verb: 'close'; oldKeyId: string; newKeyId: string }
  /** Names the open transition rightly, which chance seldom does. */
  | { verb: 'close_open' };

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      verb: fc.constant('rotate' as const),
      newKeyId: keyId,
      overlapWindowMs: fc.constant(60_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      verb: fc.constant('rotate' as const),
      newKeyId: keyId,
      overlapWindowMs: fc.constantFrom(0, -1, 0.5),
    }),
  },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant('close' as const), oldKeyId: keyId, newKeyId: keyId }) },
  { weight: 3, arbitrary: fc.constant({ verb: 'close_open' as const }) },
);

/** A model of one ring, as small as can be: enough to say what each command must answer. */
interface Slip {
  active: string;
  open: { oldKeyId: string; newKeyId: string } | null;
  used: Set<string>;
  gone: Set<string>;
  epoch: number;
  trustEpoch: number;
}

function expectedRefusal(slip: Slip, command: Command): RefusalCode | undefined {
  if (command.verb === 'rotate') {
    if (command.overlapWindowMs <= 0 || command.overlapWindowMs % 1 !== 0) return 'invariant_violation';
    if (slip.open !== null) return 'rotation_in_progress';
    return slip.used.has(command.newKeyId) ? 'key_id_in_use' : undefined;
  }
  if (slip.open === null) return 'no_open_rotation';
  if (command.verb === 'close_open') return undefined;
  const isThatOne = command.oldKeyId === slip.open.oldKeyId && command.newKeyId === slip.open.newKeyId;
  return isThatOne ? undefined : 'transition_mismatch';
}

function note(slip: Slip, command: Command): void {
  slip.epoch += 1;
  if (command.verb === 'rotate') {
    slip.open = { oldKeyId: slip.active, newKeyId: command.newKeyId };
    slip.active = command.newKeyId;
    slip.used.add(command.newKeyId);
    slip.trustEpoch = slip.epoch;
  } else if (slip.open !== null) {
    slip.gone.add(slip.open.oldKeyId);
    slip.open = null;
  }
}

interface State {
  ring: KeyRing;
  transition: Transition | null;
}

function run({ ring, transition }: State, slip: Slip, command: Command): State {
  if (command.verb === 'rotate')
    return openRotation(ring, transition, { ...command, openedAt: NOW, clockSkewMs: 0, propagationDelayMs: 0 }, POLICY);
  const names = command.verb === 'close' ? command : (slip.open ?? { oldKeyId: 'k0', newKeyId: 'k1' });
  return closeRotation(ring, transition, names);
}

function attempt(state: State, slip: Slip, command: Command): State | RefusalCode {
  try {
    return run(state, slip, command);
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

/** Runs commands against ring and slip; `look` sees every ring that there was. */
function play(commands: Command[], look: (state: State, slip: Slip) => void): number {
  let state: State = { ring: createRing('platform', 'k0'), transition: null };
  const slip: Slip = { active: 'k0', open: null, used: new Set(['k0']), gone: new Set(), epoch: 1, trustEpoch: 1 };
  look(state, slip);
  for (const command of commands) {
    const refusal = expectedRefusal(slip, command);
    const answer = attempt(state, slip, command);
    if (refusal !== undefined || typeof answer === 'string') {
      expect(answer).toBe(refusal);
      continue;
    }
    note(slip, command);
    answer.ring.keys.forEach((key) => Object.freeze(key));
    Object.freeze(answer.ring.keys);
    expect(answer.ring.epoch).toBe(state.ring.epoch + 1);
    state = answer;
    look(state, slip);
  }
  return slip.epoch;
}

const always = (property: (commands: Command[]) => void) =>
  fc.assert(fc.property(fc.array(command, { maxLength: 40, size: 'max' }), property), { seed: 7, numRuns: 500 });

describe('any sequence of commands', () => {
  it('refuses exactly what the slip names', () => {
    let longest = 0;
    always((commands) => {
      longest = Math.max(
        longest,
        play(commands, ({ ring, transition }, slip) => {
          expect(ring).toMatchObject({ epoch: slip.epoch, trustEpoch: slip.trustEpoch });
          expect(isOpen(transition)).toBe(slip.open !== null);
          expect(ring.keys.map((key) => key.keyId)).toEqual([...slip.used]);
        }),
      );
    });
    // Otherwise the sequences were too tame to prove anything.
    expect(longest).toBeGreaterThan(12);
  });

  it('has one active key, at most two trusted, and none that was retired', () => {
    always((commands) => {
      play(commands, ({ ring, transition }, slip) => {
        expect(activeKey(ring).keyId).toBe(slip.active);
        const trusted = trustedKeys(ring.keys, POLICY, NOW);
        expect(trusted.length).toBe(slip.open === null ? 1 : 2);
        expect(trusted[0]).toMatchObject({ keyId: slip.active, state: 'active', verifiesUntil: null });
        for (const { verifiesUntil } of trusted.slice(1)) expect(verifiesUntil).toEqual(transition?.transitionExpires);
        for (const { keyId } of trusted) expect(slip.gone.has(keyId)).toBe(false);
      });
    });
  });

  it('keeps the trust epoch at or below the epoch, and neither goes down', () => {
    always((commands) => {
      const last = { epoch: 0, trustEpoch: 0 };
      play(commands, ({ ring }) => {
        expect(ring.trustEpoch).toBeLessThanOrEqual(ring.epoch);
        expect(ring.epoch).toBeGreaterThan(last.epoch);
        expect(ring.trustEpoch).toBeGreaterThanOrEqual(last.trustEpoch);
        Object.assign(last, ring);
      });
    });
  });

  it('tells a Node of any epoch by a key that it trusts and that still verifies, or by a chain', () => {
    always((commands) => {
      const history = new Map<number, KeyRing>();
      play(commands, ({ ring }) => {
        history.set(ring.epoch, ring);
        const hasStatement = (epoch: number) => history.get(epoch)?.trustEpoch === epoch;
        const own: RingHistory = {
          ...ring,
          superiorEpoch: null,
          headAt: (epoch) => [...history.keys()].filter((at) => at <= epoch && hasStatement(at)).at(-1) ?? 0,
          activeNamedAt: (epoch) => [...history.keys()].filter((at) => at <= epoch && hasStatement(at)).at(-1) ?? 0,
          authorityAfter: () => null,
          activeAt: (epoch) => activeKey(history.get(epoch) ?? ring).keyId,
          statementsAfter: (epoch) => [...history.keys()].filter((at) => at > epoch && hasStatement(at)).length,
        };
        for (const [epoch, told] of history) {
          const news = nextKeyNews({ epoch, platformEpoch: epoch }, own, own);
          expect(news.kind === 'none').toBe(epoch === ring.epoch);
          if (news.kind === 'chain') expect(news.gates).toBe(epoch < ring.trustEpoch);
          if (news.kind !== 'announce') continue;
          const stateIn = ({ keys }: KeyRing) => keys.find((key) => key.keyId === news.keyId)?.state;
          expect([stateIn(told), stateIn(ring)]).toEqual(['active', 'retiring']);
          expect(news.told.epoch).toBe(ring.trustEpoch);
        }
      });
    });
  });
});
