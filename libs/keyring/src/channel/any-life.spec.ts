import fc from 'fast-check';
import { anyLife, type Deed } from '../../testing/channel-model/any-life';
import { ChannelStory } from '../../testing/channel-model/channel-story';
import { refusedRequests } from '../../testing/channel-model/refused-requests';
import { BOTH_MS, CHANNEL, OVERLAP_MS, PROPAGATION_MS } from '../../testing/channel-model/terms';
import { activeKey } from '../key-ring';
import { Refusal } from '../refusal';
import type { RingChange } from '../ring-change';
import { isOpen, phaseOf, type Transition } from '../transition';
import { heldKeys } from '../trusted-keys';
import { heldByMember } from './held-by-member';

interface Before {
  transition: Transition | null;
  signs: string;
  epoch: number;
}

/** `look` sees the story after each deed that was not refused, and what was before it. */
function play(
  deeds: readonly Deed[],
  look: (story: ChannelStory, change: RingChange | undefined, before: Before) => void = () => undefined,
): ChannelStory {
  const story = new ChannelStory();
  const start: Deed[] = [
    { verb: 'add', role: 'receiver', isSink: false },
    { verb: 'add', role: 'sender', isSink: false },
    { verb: 'all hear and report' },
  ];
  for (const deed of [...start, ...deeds]) {
    const before = { transition: story.transition, signs: activeKey(story.ring).keyId, epoch: story.ring.epoch };
    let change: RingChange | undefined;
    try {
      change = story.do(deed);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // In an emergency nothing is in the way, nor of what the domain itself has named.
      expect(['revoke', 'obey']).not.toContain(deed.verb);
      continue;
    }
    look(story, change, before);
  }
  return story;
}

/** As `expect` that it is empty, which is too slow to be asked after each of a hundred thousand deeds. */
function must(faults: readonly unknown[]): void {
  if (faults.length > 0) throw new Error(JSON.stringify(faults));
}

const STORIES = Number(process.env['MODEL_STORIES'] ?? 300);
const SEED = Number(process.env['TEST_SEED'] ?? 11);

function always(property: (deeds: Deed[]) => unknown): void {
  fc.assert(
    fc.property(anyLife, (deeds) => {
      property(deeds);
    }),
    { seed: SEED, numRuns: STORIES },
  );
}

describe('any life of a channel’s ring', () => {
  it('has no request refused by who was told of the key, but by revoke, by force, or after closes_at', () => {
    const done = new Map<string, number>();
    always((deeds) => {
      const story = play(deeds, (each) => must(refusedRequests(each)));
      for (const [verb, times] of story.done) done.set(verb, (done.get(verb) ?? 0) + times);
    });
    // Otherwise the lives were too tame to prove anything.
    for (const change of [
      'rotate',
      'activate',
      'close',
      'rollback',
      'settle',
      'revoke',
      'members',
      'lose',
      'stranger',
    ]) {
      expect([change, (done.get(change) ?? 0) > 5]).toEqual([change, true]);
    }
  });

  it('gives no sender a key to sign by that a present receiver has not proven, but by revoke', () => {
    always((deeds) =>
      play(deeds, (story, change, { signs }) => {
        const signsNow = activeKey(story.ring).keyId;
        if (change === undefined || signsNow === signs || change.change === 'revoke') return;
        for (const { named, proven, isSink } of story.at('receiver')) {
          expect(named).toContain(signsNow);
          if (isSink && change.change === 'activate')
            expect(story.nowMs - proven.get(signsNow)!.getTime()).toBeGreaterThanOrEqual(PROPAGATION_MS);
        }
      }),
    );
  });

  it('never gives a sender what is staged', () => {
    always((deeds) =>
      play(deeds, ({ ring, now }) => {
        const staged = ring.keys.filter(({ state }) => state === 'staged').map(({ keyId }) => keyId);
        const given = heldByMember(ring, 'sender', CHANNEL, now).map(({ keyId }) => keyId);
        must(given.filter((keyId) => staged.includes(keyId)));
      }),
    );
  });

  it('keeps the old key until every sender has acknowledged and signs by both no more, but by force or from closes_at on', () => {
    let early = 0;
    always((deeds) =>
      play(deeds, (story, change, { transition }) => {
        if (change?.change !== 'close' || transition === null || transition.activatedAt === null) return;
        const activatedMs = transition.activatedAt.getTime();
        if (story.lawless.has(transition.oldKeyId) || story.nowMs >= activatedMs + OVERLAP_MS) return;
        early += 1;
        for (const sender of story.at('sender')) {
          const signs = sender.held?.keys.find(({ isActive }) => isActive)?.keyId;
          expect(signs).toBe(transition.newKeyId);
          const tookMs = sender.history.find(({ keys }) =>
            keys.some((key) => key.isActive && key.keyId === signs),
          )!.fromMs;
          expect(story.nowMs - tookMs).toBeGreaterThanOrEqual(sender.isSink ? BOTH_MS + PROPAGATION_MS : BOTH_MS);
          expect(new Set(sender.signatures(story.nowMs).flat())).toEqual(new Set([transition.newKeyId]));
        }
      }),
    );
    expect(early).toBeGreaterThan(5);
  });

  it('closes early only where each receiver has since reported, and none of them for as long as senders sign by both that the old key is used alone', () => {
    let [refusedForUse, closedAfterUse] = [0, 0];
    always((deeds) => {
      const story = play(deeds, (each, change, { transition }) => {
        if (change?.change !== 'close' || transition === null || transition.activatedAt === null) return;
        if (each.lawless.has(transition.oldKeyId) || each.nowMs >= transition.activatedAt.getTime() + OVERLAP_MS)
          return;
        const took = each.at('sender').map(({ acknowledgement }) => acknowledgement?.at.getTime() ?? Infinity);
        const quietMs = Math.max(transition.activatedAt.getTime(), ...took) + BOTH_MS;
        for (const { isSink, reportedFromMs, reportedAlone } of each.at('receiver')) {
          if (isSink) continue;
          expect(reportedFromMs).toBeGreaterThanOrEqual(quietMs);
          if (reportedAlone?.kid !== transition.oldKeyId || reportedAlone.periodFrom.getTime() < quietMs) continue;
          expect(reportedFromMs).toBeGreaterThanOrEqual(reportedAlone.reportedAt.getTime() + BOTH_MS);
        }
      });
      if (!isOpen(story.transition) || phaseOf(story.transition) !== 'active') return;
      // However it came to be so: once somebody uses it, an early close is refused.
      const at = (deed: Deed) => {
        try {
          return story.do(deed);
        } catch (error) {
          return (error as Refusal).code;
        }
      };
      at({ verb: 'all hear and report' });
      story.nowMs += BOTH_MS + PROPAGATION_MS;
      at({ verb: 'all hear and report' });
      at({ verb: 'stranger', which: 0 });
      at({ verb: 'all hear and report' });
      if (story.members.every(({ verifiedAloneByOld }) => verifiedAloneByOld?.at.getTime() !== story.nowMs)) return;
      if (story.nowMs >= story.transition.closesAt.getTime()) return;
      expect(at({ verb: 'close', force: false })).toBe('old_key_in_use');
      refusedForUse += 1;
      // Nobody does any more.
      at({ verb: 'all hear and report' });
      story.nowMs += BOTH_MS + PROPAGATION_MS;
      at({ verb: 'all hear and report' });
      story.nowMs += 1;
      at({ verb: 'all hear and report' });
      if (story.nowMs >= story.transition.closesAt.getTime()) return;
      if (typeof at({ verb: 'close', force: false }) === 'object') closedAfterUse += 1;
    });
    expect([refusedForUse > 5, closedAfterUse > 5]).toEqual([true, true]);
  });

  it('has one open transition at most, one active key, room for all that it holds, and an epoch that only rises', () => {
    always((deeds) => {
      let open = 0;
      play(deeds, ({ ring, transition }, change, before) => {
        if (change?.change === 'rotate') open += 1;
        const settling = ring.keys.filter(({ state }) => state === 'retiring');
        if (isOpen(before.transition) && !isOpen(transition)) open -= 1;
        const staged = ring.keys.filter(({ state }) => state === 'staged').map(({ keyId }) => keyId);
        const waits = isOpen(transition) && phaseOf(transition) === 'staged' ? transition.newKeyId : '';
        must([
          ...(ring.epoch === before.epoch + (change === undefined ? 0 : 1) ? [] : ['epoch']),
          ...(open === (isOpen(transition) ? 1 : 0) ? [] : ['transition']),
          ...(staged.join() === waits ? [] : ['staged']),
          ...(change?.change === 'rotate' ? settling : []),
        ]);
        // Throws where it has none, more than one, or more keys than there is room for.
        heldKeys(ring.keys, CHANNEL);
        activeKey(ring);
      });
    });
  });

  it('rolled back while staged drops the new key at once, and nobody has anything to settle', () => {
    let times = 0;
    always((deeds) =>
      play(deeds, ({ ring, now }, change, { transition }) => {
        if (change?.change !== 'rollback' || transition === null || phaseOf(transition) !== 'staged') return;
        times += 1;
        expect(change.gone).toEqual([transition.newKeyId]);
        const held = (role: 'sender' | 'receiver') => heldByMember(ring, role, CHANNEL, now).map(({ keyId }) => keyId);
        expect([...held('sender'), ...held('receiver')]).not.toContain(transition.newKeyId);
        expect(activeKey(ring).keyId).toBe(transition.oldKeyId);
      }),
    );
    expect(times).toBeGreaterThan(5);
  });

  it('a settled rollback leaves no sender with a signature by what went, unless its time was over', () => {
    let times = 0;
    always((deeds) =>
      play(deeds, (story, change) => {
        if (change?.change !== 'settle') return;
        times += 1;
        for (const keyId of change.gone) {
          if (story.nowMs >= (story.promisedMs.get(keyId) ?? Infinity)) continue;
          for (const sender of story.at('sender')) expect(sender.signatures(story.nowMs).flat()).not.toContain(keyId);
        }
      }),
    );
    expect(times).toBeGreaterThan(5);
  });
});
