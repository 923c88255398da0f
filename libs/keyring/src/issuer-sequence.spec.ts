import fc from 'fast-check';
import { anyDeed, ISSUER, IssuerStory, LEASE_MS, type Deed } from '../testing/issuer-story';
import { activeKey } from './key-ring';
import { Refusal } from './refusal';
import { settlingKeys } from './ring-change';
import { knownFrom } from './stage';
import { trustedKeys } from './trusted-keys';

/** `look` sees the story after each deed that was not refused. */
function play(deeds: Deed[], look: (story: IssuerStory, deed: Deed) => void = () => undefined): IssuerStory {
  const story = new IssuerStory();
  for (const deed of deeds) {
    try {
      story.do(deed);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // In an emergency nothing is in the way.
      expect(deed.verb).not.toBe('revoke');
      continue;
    }
    look(story, deed);
  }
  return story;
}

const always = (property: (deeds: Deed[]) => void, numRuns = 100) =>
  fc.assert(fc.property(fc.array(anyDeed, { maxLength: 60, size: 'max' }), property), { seed: 7, numRuns });

describe('any life of an issuer’s ring', () => {
  it('lets no token fail that lives, whoever signed it late, but those of a key that was revoked', () => {
    const done = new Map<string, number>();
    always((deeds) => {
      const story = play(deeds, (each) => {
        const verifying = new Set(trustedKeys(each.ring.keys, ISSUER, each.now).map(({ keyId }) => keyId));
        expect(each.living.filter(({ keyId }) => !verifying.has(keyId))).toEqual([]);
      });
      for (const [verb, times] of story.done) done.set(verb, (done.get(verb) ?? 0) + times);
    }, 300);
    // Otherwise the lives were too tame to prove anything.
    for (const verb of ['rotate', 'close', 'rollback', 'settle', 'revoke', 'policy']) {
      expect([verb, (done.get(verb) ?? 0) > 20]).toEqual([verb, true]);
    }
  });

  it('lets none fail that was signed late, by the longest life, until the slowest clock has seen its end', () => {
    const parts = fc.tuple(
      fc.array(anyDeed, { maxLength: 15 }),
      fc.constantFrom<Deed['verb']>('rotate', 'rollback'),
      fc.nat({ max: LEASE_MS - 1 }),
    );
    let late = 0;
    fc.assert(
      fc.property(parts, ([before, verb, ms]) => {
        const change = { verb, force: true } as Deed;
        const then: Deed[] = [
          { verb: 'wait', ms: LEASE_MS },
          { verb: 'stage' },
          change,
          { verb: 'wait', ms },
          { verb: 'sign late', life: 1 },
          { verb: 'wait for the last token' },
        ];
        const story = play([...before, ...then], (each) => {
          const verifying = new Set(trustedKeys(each.ring.keys, ISSUER, each.now).map(({ keyId }) => keyId));
          expect(each.living.filter(({ keyId }) => !verifying.has(keyId))).toEqual([]);
        });
        late += story.done.get('sign late') ?? 0;
      }),
      { seed: 7, numRuns: 300 },
    );
    expect(late).toBeGreaterThan(100);
  });

  it('lets the old key of an open rotation verify until its window is over', () => {
    always((deeds) => {
      play(deeds, ({ ring, transition }) => {
        if (transition?.outcome !== null) return;
        const old = ring.keys.find(({ keyId }) => keyId === transition.oldKeyId);
        expect(old?.verifiesUntil?.getTime()).toBeGreaterThanOrEqual(transition.transitionExpires.getTime());
      });
    });
  });

  it('has one key that signs, at most one staged, and none back that went', () => {
    always((deeds) => {
      const gone = new Set<string>();
      play(deeds, ({ ring, staged }) => {
        expect(activeKey(ring).verifiesUntil).toBeNull();
        expect(ring.keys.filter(({ state }) => state === 'staged').map(({ keyId }) => keyId)).toEqual(
          staged === undefined ? [] : [staged],
        );
        const left = ring.keys.filter(({ state }) => state === 'retired' || state === 'revoked');
        expect(left.map(({ keyId }) => keyId)).toEqual(expect.arrayContaining([...gone]));
        for (const { keyId } of left) gone.add(keyId);
      });
    });
  });

  it('leaves no key behind for ever: what retires outside an open rotation has gone once its tokens are over', () => {
    always((deeds) => {
      const story = play(deeds);
      const ceilings = story.ring.keys.map(({ longestTokenMs }) => longestTokenMs ?? 0);
      story.do({ verb: 'switch', answers: true });
      story.nowMs += Math.max(...ceilings) + LEASE_MS + 1_000;
      if (settlingKeys(story.ring, story.transition).length > 0) story.do({ verb: 'settle' });
      expect(settlingKeys(story.ring, story.transition)).toEqual([]);
    });
  });

  it('keeps with a key the greatest ceiling since it first signed, and forgets when its tokens end once it signs again', () => {
    always((deeds) => {
      const greatest = new Map<string, number>([['k0', new IssuerStory().terms.longestTokenMs]]);
      play(deeds, ({ ring, terms }) => {
        const active = activeKey(ring);
        greatest.set(active.keyId, Math.max(greatest.get(active.keyId) ?? 0, terms.longestTokenMs));
        expect(active.tokensUntil).toBeNull();
        expect(ring.keys.map(({ longestTokenMs }) => longestTokenMs)).toEqual(
          ring.keys.map(({ keyId }) => greatest.get(keyId) ?? null),
        );
      });
    });
  });

  it('a revoke throws out one key, and says how long verifiers may not know the one that signs', () => {
    always((deeds) => {
      let before = new Map<string, string>();
      play(deeds, (story, deed) => {
        const now = new Map(story.ring.keys.map(({ keyId, state }) => [keyId, state] as const));
        if (deed.verb === 'revoke') {
          const wasRetiring = [...before].filter(([keyId, state]) => state === 'retiring' && !story.revoked.has(keyId));
          for (const [keyId] of wasRetiring) expect([keyId, now.get(keyId)]).toEqual([keyId, 'retiring']);
          const { keyId, publishedAt } = activeKey(story.ring);
          const staged = [...before].find(([, state]) => state === 'staged')?.[0];
          const wasActive = [...before].some(([id, state]) => state === 'active' && story.revoked.has(id));
          if (wasActive && staged !== undefined && !deed.discardStaged) expect(keyId).toBe(staged);
          const from = knownFrom({ publishedAt, since: story.now }, story.now, { propagationDelayMs: 200 }, ISSUER);
          if (before.get(keyId) !== 'active') {
            const sinceMs = story.nowMs - (publishedAt?.getTime() ?? story.nowMs);
            expect(from?.getTime() ?? story.nowMs).toBe(story.nowMs + Math.max(0, 200 - sinceMs));
          }
        }
        before = new Map(now);
      });
    });
  });
});
