import fc from 'fast-check';
import { chainStart, isAhead } from './chain-plan';
import { FORKED, nextKeyNews, type Told } from './key-news';
import { activeKey, stagedKey } from './key-ring';
import { Refusal, type RefusalCode } from './refusal';
import { CHANGES } from './ring-change';
import { scopePolicy } from './scope-policy';
import { anyCommand, expectedRefusal, newSlip, note, run, type Command, type Slip } from '../testing/ring-slip';
import { RingStory } from '../testing/ring-story';
import { trustedKeys } from './trusted-keys';

const POLICY = scopePolicy('platform');

/** Runs commands against ring and slip; `look` sees every ring that there was. */
function play(
  commands: Command[],
  look: (story: RingStory, slip: Slip) => void,
  story = new RingStory('platform'),
): Slip {
  const slip = newSlip(story.ring.keys[0]!.keyId);
  look(story, slip);
  for (const command of commands) {
    if (command.verb === 'wait') {
      slip.nowMs += command.ms;
      continue;
    }
    const refusal = expectedRefusal(slip, command);
    const answer = attempt(story, slip, command);
    if (refusal !== undefined || typeof answer === 'string') {
      expect({ command, answer }).toEqual({ command, answer: refusal });
      continue;
    }
    note(slip, command);
    answer.ring.keys.forEach((key) => Object.freeze(key));
    Object.freeze(answer.ring.keys);
    expect(answer.ring.epoch).toBe(story.ring.epoch + 1);
    story.take(answer);
    look(story, slip);
  }
  return slip;
}

function attempt(
  story: RingStory,
  slip: Slip,
  command: Exclude<Command, { verb: 'wait' }>,
): ReturnType<typeof run> | RefusalCode {
  try {
    return run(story.ring, story.transition, slip, command);
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

const always = (property: (commands: Command[]) => void) =>
  fc.assert(fc.property(fc.array(anyCommand, { maxLength: 40, size: 'max' }), property), { seed: 7, numRuns: 300 });

describe('any sequence of commands', () => {
  it('refuses exactly what the slip names', () => {
    const seen = new Map<string, number>();
    always((commands) => {
      play(commands, ({ ring, transition, changes }, slip) => {
        const last = changes.at(-1);
        if (last !== undefined) seen.set(last.change, (seen.get(last.change) ?? 0) + 1);
        expect(ring).toMatchObject({ epoch: slip.epoch, trustEpoch: slip.trustEpoch });
        expect(transition?.outcome ?? null).toBe(slip.outcome);
        expect(ring.keys.map((key) => key.keyId)).toEqual([...slip.used]);
        expect(ring.keys.filter(({ state }) => state === 'revoked').map(({ keyId }) => keyId)).toEqual(
          [...slip.used].filter((id) => slip.revoked.has(id)),
        );
      });
    });
    // Otherwise the sequences were too tame to prove anything.
    const ofAnyRing = Object.keys(CHANGES).filter(
      (change) => !['create', 'policy', 'import', 'activate', 'members'].includes(change),
    );
    for (const change of ofAnyRing) expect([change, seen.get(change)! > 5]).toEqual([change, true]);
  });

  it('has one active key, at most two trusted, and none that went before', () => {
    always((commands) => {
      play(commands, ({ ring }, slip) => {
        expect(activeKey(ring).keyId).toBe(slip.active);
        expect(stagedKey(ring)?.keyId).toBe(slip.staged?.keyId);
        const trusted = trustedKeys(ring.keys, POLICY, new Date(slip.nowMs));
        expect(trusted.length).toBeLessThanOrEqual(2);
        expect(trusted[0]).toMatchObject({ keyId: slip.active, state: 'active', verifiesUntil: null });
        for (const { keyId } of trusted) expect(slip.gone.has(keyId)).toBe(false);
      });
    });
  });

  it('names what leaves the ring, each once and for ever', () => {
    always((commands) => {
      const { changes } = playedStory(commands);
      const gone = changes.flatMap((change) => change.gone);
      expect(new Set(gone).size).toBe(gone.length);
      const { ring } = changes.at(-1) ?? { ring: { keys: [] } };
      const left = ring.keys.filter(({ state }) => state === 'retired' || state === 'revoked');
      expect(new Set(gone)).toEqual(new Set(left.map(({ keyId }) => keyId)));
    });
  });

  it('never promises more time than was announced before', () => {
    always((commands) => {
      const promised = new Map<string, number>();
      for (const { ring, statement, change } of playedStory(commands).changes) {
        for (const { keyId, state, verifiesUntil } of ring.keys) {
          const before = promised.get(keyId);
          if (state === 'retiring' && verifiesUntil !== null && before !== undefined) {
            expect(verifiesUntil.getTime()).toBeLessThanOrEqual(before);
          }
          if (state === 'active') promised.delete(keyId);
        }
        // A stage is announced as the end of the one that signs.
        if (change === 'stage') promised.set(activeKey(ring).keyId, statement!.transitionExpires!.getTime());
        if (change === 'unstage') promised.clear();
      }
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
});

function playedStory(commands: Command[]): RingStory {
  const story = new RingStory('platform');
  play(commands, () => undefined, story);
  return story;
}

describe('any two rings', () => {
  const both = fc.array(fc.tuple(fc.constantFrom('own', 'platform'), anyCommand), { maxLength: 30, size: 'max' });

  /** Both as they came to be, one command after the other: what the platform vouches for says at which of its epochs. */
  function twoRings(steps: [string, Command][]): { own: RingStory; platform: RingStory } {
    const platform = new RingStory('platform');
    const own = new RingStory('domain:d', platform);
    const slips = { own: newSlip('k0'), platform: newSlip('k0') };
    for (const [whose, command] of steps) {
      const [story, slip] = whose === 'own' ? [own, slips.own] : [platform, slips.platform];
      slips.own.nowMs += command.verb === 'wait' ? command.ms : 0;
      slips.platform.nowMs = slips.own.nowMs;
      if (command.verb === 'wait') continue;
      const answer = attempt(story, slip, command);
      if (typeof answer === 'string') continue;
      note(slip, command);
      story.take(answer);
    }
    return { own, platform };
  }

  const toldOf = (own: RingStory, platform: RingStory): Told[] =>
    [FORKED, ...own.epochs].flatMap((epoch) =>
      [FORKED, ...platform.epochs].map((platformEpoch) => ({ epoch, platformEpoch })),
    );

  it('tell a Node of any epochs in three messages, announcing by keys that it holds and that still verify', () => {
    fc.assert(
      fc.property(both, (steps) => {
        const { own, platform } = twoRings(steps);
        for (const start of toldOf(own, platform)) {
          let told = start;
          for (let messages = 0; ; messages += 1) {
            const news = nextKeyNews(told, own.history, platform.history);
            if (news.kind === 'none' || news.kind === 'forked') {
              if (news.kind === 'none' && told.platformEpoch !== FORKED)
                expect(told).toEqual({ epoch: own.ring.epoch, platformEpoch: platform.ring.epoch });
              break;
            }
            expect(messages).toBeLessThan(3);
            if (news.kind === 'announce') {
              const [about, epoch] =
                news.eventType === 'signing_key_rotated' ? [own, told.epoch] : [platform, told.platformEpoch];
              expect(own.stateAt(told.epoch, news.keyId)).toBe('active');
              expect(['active', 'retiring']).toContain(own.stateAt(own.ring.epoch, news.keyId));
              expect(about.history.statementsAfter(epoch)).toBe(1);
            }
            told = { ...told, ...news.told };
          }
        }
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  it('begin a chain where the Node can follow it', () => {
    fc.assert(
      fc.property(both, (steps) => {
        const { own, platform } = twoRings(steps);
        for (const told of toldOf(own, platform)) {
          const place = chainStart(told, own.history, platform.history);
          const lists = { own: own.statements, platform: platform.statements };
          const sent = {
            own: lists.own.filter((each) => isAhead(place.own, each)),
            platform: lists.platform.filter((each) => isAhead(place.platform, each)),
          };
          for (const whose of ['own', 'platform'] as const) {
            const epoch = whose === 'own' ? told.epoch : told.platformEpoch;
            const { superiorEpoch } = (whose === 'own' ? own : platform).history;
            const missing = lists[whose].filter((each) => each.epoch > epoch);
            // All that it lacks; on a fork, from the way back on.
            if (epoch !== FORKED) expect(sent[whose]).toEqual(expect.arrayContaining(missing));
            else if (superiorEpoch !== null)
              expect(sent[whose]).toEqual(
                expect.arrayContaining(lists[whose].filter((each) => each.epoch >= superiorEpoch)),
              );
          }
          // Whoever vouches is named by what is sent, or by what the Node holds.
          const head = told.platformEpoch === FORKED ? Infinity : platform.history.headAt(told.platformEpoch);
          for (const { authorityEpoch } of sent.own) {
            if (authorityEpoch === null || authorityEpoch >= head) continue;
            const named = sent.platform
              .filter(({ epoch, type }) => epoch <= authorityEpoch && type !== 'recovery')
              .at(-1);
            if (told.platformEpoch === FORKED && platform.history.superiorEpoch === null) continue;
            expect(named?.epoch).toBe(platform.history.activeNamedAt(authorityEpoch));
          }
        }
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});
